using Microsoft.Data.Sqlite;

namespace SentinelCam.HangfireSqlite.Database;

/// <summary>Says in one line what is wrong with a file and what to do about it.</summary>
internal static class FileProblem
{
    /// <returns>Null when the error is not the file's.</returns>
    public static string? Describe(string file, Exception exception) => exception switch
    {
        SqliteException sqlite => Describe(file, sqlite),
        UnauthorizedAccessException or IOException => CannotBeOpened(file),
        _ => null,
    };

    public static string Foreign(string file) =>
        $"The job storage {file} belongs to another program: name another file, or move this one away.";

    public static string Newer(string file, long version, int known) =>
        $"The job storage {file} has schema {version}, and this program knows only {known}: "
        + "start the newer program, or move the file away and a new one is made.";

    public static string NoLog(string file) =>
        $"The job storage {file} lies where SQLite cannot share a log between processes, such as a network folder: "
        + "put it on a disk of this machine.";

    public static string NoLocks(string file) =>
        $"The job storage {file} lies where files cannot be locked, such as a network folder: "
        + "put it on a disk of this machine.";

    public static string Corrupt(string file, string detail) =>
        $"The job storage {file} is corrupt ({detail}): stop the program, move the file away and start again; "
        + "a new one is made.";

    public static string Other(string file, Exception exception) =>
        $"The job storage {file} cannot be used ({exception.Message}): move the file away and a new one is made.";

    private static string CannotBeOpened(string file) =>
        $"The job storage {file} cannot be opened: see that its folder exists and that this user may write "
        + "the folder and the files in it.";

    private static string? Describe(string file, SqliteException exception) => exception.SqliteErrorCode switch
    {
        SqliteError.CannotOpen => CannotBeOpened(file),
        SqliteError.ReadOnly or SqliteError.Permission =>
            $"The job storage {file} is read-only: let this user write the file and its folder.",
        SqliteError.Full => $"There is no space left for the job storage {file}: free some; it then goes on by itself.",
        SqliteError.InputOutput =>
            $"The disk of the job storage {file} fails ({exception.Message}): check the disk and its cable.",
        SqliteError.Corrupt => Corrupt(file, "SQLite finds damaged pages"),
        SqliteError.NotADatabase => Corrupt(file, "it is not a SQLite database"),
        SqliteError.Busy or SqliteError.Locked =>
            $"Another program keeps the job storage {file} locked: close the program that has it open.",
        _ => null,
    };
}

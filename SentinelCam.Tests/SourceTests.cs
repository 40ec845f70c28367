using SentinelCam.Tests.Support;

namespace SentinelCam.Tests;

/// <summary>What no analyzer checks in the sources.</summary>
public class SourceTests
{
    /// <summary>As <c>max_line_length</c> in <c>.editorconfig</c>, which the build does not enforce.</summary>
    private const int Columns = 130;

    private static readonly string[] Skipped = ["bin", "obj", "node_modules", "Migrations"];

    [Fact]
    public void No_line_is_wider_than_130_columns()
    {
        var files = new[] { "SentinelCam", "SentinelCam.Tests" }
            .SelectMany(project => Files(new DirectoryInfo(Path.Combine(SourceTree.Root, project)))).ToList();

        Assert.Contains(files, file => file.Name == "Program.cs");
        Assert.Contains(files, file => file.Name == "SourceTests.cs");
        Assert.Empty(files.SelectMany(file => File.ReadLines(file.FullName)
            .Select((line, index) => (Number: index + 1, Width: line.Length))
            .Where(line => line.Width > Columns)
            .Select(line => $"{Path.GetRelativePath(SourceTree.Root, file.FullName)}:{line.Number} has {line.Width}")));
    }

    [Fact]
    public void Only_folders_that_store_something_know_which_database_there_is()
    {
        string[] storing = ["Data", "Jobs", "Snapshots"];
        // What moves from one to the other
        string[] moving = ["DataImport.cs", "ImportCommand.cs"];
        string[] words =
        [
            "Dialect.IsFile", "SqliteDialect", "PostgresDialect", "PostgresDbContext", "using Npgsql", ".IsNpgsql(", ".IsSqlite(",
            ".ProviderName", "MayBeSeveral", "Dialect.FileIn(", "PostgresOptions",
        ];
        (string File, string Word)[] excepted =
        [
            // Refuses to write a backup of a file
            ("BackupCommand.cs", "PostgresOptions"),
            // Says that the file is missing, instead of an error of SQLite
            ("BesideSite.cs", "Dialect.FileIn("),
            // Refuses an outbox, which is on one machine
            ("MailServices.cs", "MayBeSeveral"),
            // As BesideSite.cs
            ("RecordedLogIns.cs", "Dialect.FileIn("),
            // Copies the file
            ("UpgradeBackup.cs", "Dialect.FileIn("),
            // Only others can be dead
            ("WatchLoop.cs", "MayBeSeveral"),
        ];
        var product = new DirectoryInfo(Path.Combine(SourceTree.Root, "SentinelCam"));
        var knowing = product.EnumerateDirectories().Where(folder => !Skipped.Contains(folder.Name, StringComparer.Ordinal))
            .SelectMany(folder => Files(folder).SelectMany(file => words.Where(File.ReadAllText(file.FullName).Contains)
                .Select(word => (Folder: folder.Name, File: file.Name, Word: word)))).ToList();

        Assert.Contains(knowing, found => found.Folder == "Data");
        Assert.Equal(excepted, knowing.Where(found => !storing.Contains(found.Folder) && !moving.Contains(found.File))
            .Select(found => (found.File, found.Word)).Order());
    }

    private static IEnumerable<FileInfo> Files(DirectoryInfo directory) =>
        directory.EnumerateFiles("*.cs").Concat(directory.EnumerateDirectories()
            .Where(child => !Skipped.Contains(child.Name, StringComparer.Ordinal))
            .SelectMany(Files));
}

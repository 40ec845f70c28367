using System.Globalization;
using System.Reflection;

namespace SentinelCam.HangfireSqlite.Database;

/// <summary>Brings a file to the newest schema by the numbered scripts that it lacks.</summary>
internal static class SchemaMigrator
{
    /// <summary>Marks the file as a job storage: "HFSQ", as SQLite's header keeps it.</summary>
    public const int ApplicationId = 0x48465351;

    private static readonly Assembly Assembly = typeof(SchemaMigrator).Assembly;

    private static readonly string[] Scripts = Assembly.GetManifestResourceNames()
        .Where(static name => name.StartsWith("HangfireSqlite.Schema.", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)
        .ToArray();

    public static int KnownVersion => Scripts.Length;

    /// <summary>Refuses a file that is not ours or is newer than this program. Writes nothing.</summary>
    /// <exception cref="SqliteJobStorageException">The file belongs to another program or a newer version.</exception>
    public static void Check(SqlSession session, string file)
    {
        if (session.Scalar<long>("PRAGMA application_id") != ApplicationId)
        {
            if (session.Scalar<long>("SELECT count(*) FROM sqlite_master") > 0)
                throw new SqliteJobStorageException(FileProblem.Foreign(file));
            return;
        }

        var version = session.Scalar<long>("PRAGMA user_version");
        if (version > KnownVersion)
            throw new SqliteJobStorageException(FileProblem.Newer(file, version, KnownVersion));
    }

    /// <summary>Applies the missing scripts, all or none, while no other process can.</summary>
    /// <param name="session">The connection.</param>
    /// <param name="file">What an error names.</param>
    /// <param name="now">Where the ids of a new file start, in milliseconds since 1970: beyond those of any file before it.</param>
    /// <exception cref="SqliteJobStorageException">The file belongs to another program or a newer version.</exception>
    public static void Migrate(SqlSession session, string file, DateTimeOffset now)
    {
        session.Execute(Sql.Begin);
        try
        {
            // Looked at again, now that nobody else can write
            Check(session, file);
            var version = (int)session.Scalar<long>("PRAGMA user_version");

            foreach (var script in Scripts.Skip(version)) session.ExecuteOnce(Read(script));
            if (version == 0) session.Execute(Sql.StartIds, now.ToUnixTimeMilliseconds());
            if (version < KnownVersion)
            {
                session.ExecuteOnce(string.Create(
                    CultureInfo.InvariantCulture,
                    $"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {KnownVersion}"));
            }

            session.Execute(Sql.Commit);
        }
        catch
        {
            session.RollBack();
            throw;
        }
    }

    private static string Read(string script)
    {
        using var reader = new StreamReader(Assembly.GetManifestResourceStream(script)!);
        return reader.ReadToEnd();
    }
}

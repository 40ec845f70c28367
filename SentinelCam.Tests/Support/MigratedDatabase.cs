using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Tests.Support;

/// <summary>
/// A new <c>sentinelcam.db</c>, migrated once in a run: to migrate one for each app takes longer. Apps in processes of their own
/// start without it.
/// </summary>
internal static class MigratedDatabase
{
    private static readonly Lazy<Task<byte[]>> Content = new(MigrateAsync);

    /// <summary>Gives the database to an app that starts on a directory for the first time.</summary>
    public static async Task CopyToAsync(string dataDirectory)
    {
        if (Directory.Exists(dataDirectory))
            return;
        DataDirectory.CreatePrivate(dataDirectory);
        var path = Path.Combine(dataDirectory, "sentinelcam.db");
        await File.WriteAllBytesAsync(path, await Content.Value);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static async Task<byte[]> MigrateAsync()
    {
        var directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
        try
        {
            var file = new SqliteConnectionStringBuilder
            {
                DataSource = Path.Combine(directory, "sentinelcam.db"),
                Pooling = false,
            };
            await using (var db = new SentinelCamDbContext(
                new DbContextOptionsBuilder<SentinelCamDbContext>().UseSqlite(file.ToString()).Options))
            {
                await SqliteDialect.Instance.PrepareAsync(db, NullLogger.Instance);
            }

            // The last connection has written the log back
            return await File.ReadAllBytesAsync(file.DataSource);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}

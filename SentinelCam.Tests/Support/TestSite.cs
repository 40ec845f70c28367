using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Tests.Support;

/// <summary>
/// A temporary directory for an app that runs as its own process. In the run on PostgreSQL a database belongs to it, which the
/// process and its commands use.
/// </summary>
public sealed class TestSite : IAsyncDisposable
{
    private readonly PostgresServer? _own;

    private TestSite(PostgresServer? own) => _own = own;

    public string Parent { get; } = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;

    public string Data => Path.Combine(Parent, "data");

    /// <param name="losesPower">Whether the test cuts the power, so that it needs a server of its own.</param>
    public static async Task<TestSite> CreateAsync(bool losesPower = false)
    {
        if (!PostgresServer.IsDefault)
            return new TestSite(null);
        var site = new TestSite(losesPower ? await PostgresServer.StartOwnAsync(isDurable: true) : null);
        try
        {
            await PostgresServer.DatabaseOfAsync(site.Parent, site._own);
            return site;
        }
        catch
        {
            // Otherwise its server would be left
            await site.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens the database, whether the app runs or not.</summary>
    public SentinelCamDbContext Open() => StoredDatabase.Open(Data);

    /// <summary>
    /// Kills the app, and the database server with it if the site has its own. The server starts again, as its machine does.
    /// </summary>
    public async Task CutPowerAsync(SentinelCamProcess app)
    {
        ArgumentNullException.ThrowIfNull(app);
        await app.KillAsync();
        if (_own is null)
            return;
        await _own.KillAsync();
        await _own.StartAsync();
        // A minute without power: others may now take the jobs that the app held
        await using var db = Open();
        await db.Database.ExecuteSqlRawAsync("UPDATE hangfire.jobqueue SET fetchedat = fetchedat - interval '1 minute'");
    }

    /// <summary>The jobs that wait or run.</summary>
    public async Task<long> CountJobsAsync()
    {
        if (PostgresServer.Of(Data) is { Length: > 0 } database)
            return await PostgresServer.ReadAsync<long>(database, "SELECT count(*) FROM hangfire.jobqueue");
        await using var jobs = new SqliteConnection($"Data Source={Path.Combine(Data, "jobs.db")};Pooling=False");
        await jobs.OpenAsync();
        await using var command = jobs.CreateCommand();
        command.CommandText = "SELECT count(*) FROM JobQueue";
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>All that is stored: each file, and the content of the database.</summary>
    public async Task<IReadOnlyList<string>> ReadAllAsync()
    {
        List<string> all = [];
        foreach (var file in Directory.EnumerateFiles(Parent, "*", SearchOption.AllDirectories))
            all.Add(Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file)));
        if (PostgresServer.Of(Data) is { Length: > 0 } database)
            all.Add(await PostgresServer.DumpAsync(database));
        return all;
    }

    public async ValueTask DisposeAsync()
    {
        await PostgresServer.RemoveDatabaseOfAsync(Parent);
        if (_own is not null)
            await _own.DisposeAsync();
        Directory.Delete(Parent, recursive: true);
    }
}

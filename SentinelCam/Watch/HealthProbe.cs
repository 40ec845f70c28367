using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Jobs;

namespace SentinelCam.Watch;

/// <summary>Tests the parts that recording and mailing need. An answer is reused for three seconds.</summary>
public sealed class HealthProbe(
    IServiceScopeFactory scopes, JobsDatabase jobs, DataDirectory data, LiveNodes nodes, TimeProvider time,
    ILogger<HealthProbe> logger) : IDisposable
{
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(3);

    /// <summary>A larger difference between this machine's clock and the database's is a problem.</summary>
    private static readonly TimeSpan MaxClockError = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(1);
    private IReadOnlyDictionary<string, string?> _last = new Dictionary<string, string?>();
    private long? _lastAt;

    /// <returns>For each part, null if it works, otherwise what is wrong and what to do.</returns>
    public async Task<IReadOnlyDictionary<string, string?>> RunAsync()
    {
        await _turn.WaitAsync();
        try
        {
            if (_lastAt is { } at && time.GetElapsedTime(at) < Remembered)
                return _last;
            var parts = new Dictionary<string, string?>
            {
                ["database"] = await TryAsync("database", CheckDatabaseAsync),
                ["jobs"] = await TryAsync("jobs", CheckJobsAsync),
                ["free space"] = await TryAsync("free space", CheckSpaceAsync),
                ["files"] = await TryAsync("files", CheckFilesAsync),
            };
            if (nodes.ClockAhead is not null)
                parts["clock"] = await TryAsync("clock", CheckClockAsync);
            _last = parts;
            _lastAt = time.GetTimestamp();
            return _last;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc />
    public void Dispose() => _turn.Dispose();

    private async Task CheckDatabaseAsync()
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        await db.Dialect.CheckWritableAsync(db);
    }

    /// <summary>Writes to each folder: one of them can be on another disk.</summary>
    private Task CheckFilesAsync()
    {
        data.CheckWritable();
        return Task.CompletedTask;
    }

    private Task CheckJobsAsync()
    {
        jobs.Check();
        return Task.CompletedTask;
    }

    /// <summary>Nodes with different times would judge each other's links, codes and due times wrongly.</summary>
    private Task CheckClockAsync() => nodes.ClockAhead is { } ahead && ahead.Duration() >= MaxClockError
        ? throw new IOException($"The clock is {TroubleWords.Duration(ahead)} {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} "
            + "the database's. Turn on time synchronisation on both machines.")
        : Task.CompletedTask;

    private Task CheckSpaceAsync()
    {
        var free = data.FreeBytes;
        return free >= DataDirectory.Reserve
            ? Task.CompletedTask
            : throw new IOException($"Only {free >> 20} MiB are free for {data.Root}. Free some disk space.");
    }

    private async Task<string?> TryAsync(string part, Func<Task> probe)
    {
        try
        {
            await probe();
            return null;
        }
        catch (Exception error)
        {
            var problem = error.Message.ReplaceLineEndings(" ");
            logger.LogError("Health check of {Part} failed: {Problem}", part, problem);
            return problem;
        }
    }
}

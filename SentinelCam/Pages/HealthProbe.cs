using Hangfire;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>Tries the parts without which attempts are not recorded or not mailed.</summary>
public sealed class HealthProbe(SentinelCamDbContext db, JobStorage jobs, DataDirectory data, ILogger<HealthProbe> logger)
{
    /// <summary>With less free space than this, in bytes, pictures will soon be lost.</summary>
    private const long MinFreeBytes = 64L << 20;

    /// <returns>A line for each part: null where it works, else what is wrong and what to do.</returns>
    public async Task<IReadOnlyDictionary<string, string?>> RunAsync() => new Dictionary<string, string?>
    {
        ["database"] = await TryAsync("database", async () =>
        {
            // Takes the write lock, as recording an attempt does, and gives it back
            await using var transaction = await db.Database.BeginTransactionAsync();
        }),
        ["jobs"] = await TryAsync("jobs", () =>
        {
            jobs.GetMonitoringApi().Servers();
            return Task.CompletedTask;
        }),
        ["free space"] = await TryAsync("free space", () =>
        {
            var free = new DriveInfo(data.Root).AvailableFreeSpace;
            return free >= MinFreeBytes ? Task.CompletedTask : throw new IOException($"Only {free >> 20} MiB are left for {data.Root}: make room.");
        }),
    };

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
            logger.LogError("Health: {Part} does not work: {Problem}", part, problem);
            return problem;
        }
    }
}

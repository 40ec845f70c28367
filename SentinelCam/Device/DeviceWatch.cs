using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace SentinelCam.Device;

/// <summary>Records the log-ins that the configured source hands over.</summary>
public sealed class DeviceWatch(
    IEnumerable<IDeviceEventSource> sources, DeviceOptions options, DeviceStatus status, IServiceScopeFactory scopes,
    TimeProvider time, ILogger<DeviceWatch> logger) : BackgroundService
{
    /// <summary>How long a source that failed rests.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (sources.FirstOrDefault(source => source.Source == options.Source) is not { } source)
            return;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await source.RunAsync(HandleAsync, stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                var inner = error.InnerException ?? error;
                if (error is DbException or DbUpdateException)
                    Report($"Log-ins cannot be recorded, and are read again later: {inner.Message}");
                else
                    Report($"Log-ins cannot be read, and SentinelCam keeps trying: {inner.Message}");
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task HandleAsync(DeviceEvent happened)
    {
        await using var scope = scopes.CreateAsyncScope();
        var result = await scope.ServiceProvider.GetRequiredService<DeviceRecorder>().RecordAsync(happened);
        status.Add(new SeenEvent(happened, result));
    }

    private void Report(string problem)
    {
        if (status.SetProblem(problem))
            logger.LogError("{Problem}", problem);
    }
}

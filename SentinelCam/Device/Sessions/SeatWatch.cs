using Tmds.DBus.Protocol;

namespace SentinelCam.Device;

/// <summary>
/// Tells <see cref="LockedScreens"/> which seats are locked while somebody is at them, if <c>Device:WarmWhileLocked</c> says so.
/// </summary>
internal sealed class SeatWatch(
    Logind logind, LockedScreens screens, DeviceOptions options, TimeProvider time, ILogger<SeatWatch> logger) : BackgroundService
{
    /// <summary>How long after a failure the log-in manager is asked again.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.WarmWhileLocked || !OperatingSystem.IsLinux())
            return;
        var isReported = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await logind.WatchLockedSeatsAsync(seats =>
                {
                    isReported = false;
                    screens.Set(seats);
                }, stoppingToken);
            }
            catch (DBusExceptionBase error)
            {
                if (!isReported)
                    logger.LogWarning(
                        "Whether the screen is locked is not known, so the camera stays closed: {Reason}", error.Message);
                isReported = true;
            }
            catch (OperationCanceledException)
            {
                return;
            }

            screens.UnlockAll();
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

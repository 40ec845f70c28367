using SentinelCam.Configuration;

namespace SentinelCam.Device;

/// <summary>
/// Reads log-ins and screen locks from Windows' security log. A bookmark in the data directory tells where reading goes on, so
/// that nothing is lost while SentinelCam is stopped.
/// </summary>
internal sealed class EventLogSource(
    ISecurityLog log, DataDirectory data, LockedScreens screens, DeviceStatus status, TimeProvider time,
    ILogger<EventLogSource> logger) : IDeviceEventSource
{
    /// <summary>The name of the file with the bookmark.</summary>
    public const string PositionFile = "device-eventlog.xml";

    /// <summary>How long after its end the log is opened again.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SourcePosition _position = new(data, PositionFile);

    public DeviceSource Source => DeviceSource.EventLog;

    public async Task RunAsync(Func<DeviceEvent, Task> handle, CancellationToken stoppingToken)
    {
        ArgumentNullException.ThrowIfNull(handle);
        while (true)
        {
            var events = log.Open(_position.Read(), stoppingToken);
            status.SetProblem(null);
            await foreach (var entry in events.WithCancellation(stoppingToken))
            {
                await HandleAsync(entry.Xml, handle);
                _position.Write(entry.Bookmark);
            }

            logger.LogInformation("Windows stopped handing over log-ins, so its log is opened again");
            await Task.Delay(Pause, time, stoppingToken);
        }
    }

    private async Task HandleAsync(string xml, Func<DeviceEvent, Task> handle)
    {
        try
        {
            switch (SecurityEventXml.Parse(xml))
            {
                case SecurityLogIn logIn:
                    // Somebody works at the device now, while the sessions of others may stay locked
                    if (logIn is { IsAtDevice: true, Event.IsAccepted: true })
                        screens.UnlockAll();
                    await handle(logIn.Event);
                    break;
                case SecurityScreenLock screen when screen.IsLocked:
                    screens.Lock(screen.Session);
                    break;
                case SecurityScreenLock screen:
                    screens.Unlock(screen.Session);
                    break;
                default:
                    break;
            }
        }
        catch (FormatException error)
        {
            if (status.AddRefused("an unreadable event of Windows") == 1)
                logger.LogWarning("An event of Windows cannot be read: {Reason}. More like it are only counted", error.Message);
        }
    }
}

namespace SentinelCam.Device;

/// <summary>Reads log-ins from one part of the operating system.</summary>
public interface IDeviceEventSource
{
    /// <summary>The value of <c>Device:Source</c> that chooses it.</summary>
    DeviceSource Source { get; }

    /// <summary>
    /// Hands over each event as soon as it happens, and at the start those that happened meanwhile, until it is cancelled.
    /// </summary>
    /// <param name="handle">Records an event. If it throws, the event is handed over again later.</param>
    /// <param name="stoppingToken">Ends the reading.</param>
    Task RunAsync(Func<DeviceEvent, Task> handle, CancellationToken stoppingToken);
}

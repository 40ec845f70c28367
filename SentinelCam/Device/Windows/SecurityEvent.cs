namespace SentinelCam.Device;

/// <summary>What an event of Windows' security log says.</summary>
internal abstract record SecurityEvent;

/// <summary>Somebody tried to log in.</summary>
/// <param name="Event">The log-in.</param>
/// <param name="IsAtDevice">Whether it happened at the device, not over the network.</param>
internal sealed record SecurityLogIn(DeviceEvent Event, bool IsAtDevice) : SecurityEvent;

/// <summary>A screen was locked or unlocked.</summary>
/// <param name="Session">The number of Windows' session.</param>
/// <param name="IsLocked">Whether it is locked now.</param>
internal sealed record SecurityScreenLock(string Session, bool IsLocked) : SecurityEvent;

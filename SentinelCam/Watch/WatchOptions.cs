using SentinelCam.Configuration;

namespace SentinelCam.Watch;

/// <summary>Whether SentinelCam watches itself.</summary>
public enum WatchMode
{
    On,
    Off,
}

/// <summary>How SentinelCam watches itself, and whom it tells.</summary>
/// <param name="Mode"><c>Watch:Mode</c>: <see cref="WatchMode.Off"/> ends all but the calls of <paramref name="Ping"/>.</param>
/// <param name="Ping"><c>Watch:Ping</c>: the address that is called while everything works, a secret; or null.</param>
/// <param name="Look"><c>Watch:Look</c>: the camera is looked at when nothing else did for this time; zero for never.</param>
/// <param name="DarkFor"><c>Watch:DarkFor</c>: how long the camera may show nothing before the administrators are told.</param>
/// <param name="MinFree"><c>Watch:MinFree</c>: they are told when fewer bytes of disk space are free.</param>
public sealed record WatchOptions(WatchMode Mode, Uri? Ping, TimeSpan Look, TimeSpan DarkFor, long MinFree)
{
    private const string PingKey = "Watch:Ping";

    /// <exception cref="ConfigurationException">A value is invalid.</exception>
    public static WatchOptions Read(IConfiguration configuration)
    {
        var look = Setting.Duration(
            configuration, "Watch:Look", TimeSpan.FromHours(1), TimeSpan.Zero, TimeSpan.FromDays(7));
        return new(
            Setting.Choice(configuration, "Watch:Mode", WatchMode.On),
            ReadPing(configuration[PingKey]),
            // Each look opens the camera
            look == TimeSpan.Zero || look >= TimeSpan.FromMinutes(5) ? look : throw new ConfigurationException(
                "Watch:Look", configuration["Watch:Look"], "00:00:00 for never, or at least 00:05:00."),
            Setting.Duration(
                configuration, "Watch:DarkFor", TimeSpan.FromHours(1), TimeSpan.FromMinutes(5), TimeSpan.FromDays(7)),
            Setting.Bytes(configuration, "Watch:MinFree", 1L << 30, 0));
    }

    /// <remarks>The value is not repeated, because whoever knows the address can call it.</remarks>
    private static Uri? ReadPing(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        return Uri.TryCreate(text.Trim(), UriKind.Absolute, out var address)
            && address.Scheme is "http" or "https" && address is { UserInfo: "", Fragment: "" }
            ? address
            : throw new ConfigurationException(PingKey, "(hidden)", "an http:// or https:// address without user name.");
    }
}

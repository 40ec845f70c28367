using SentinelCam.Data;

namespace SentinelCam.Forwarding;

/// <summary>
/// How much one device may report in a day, counted in its row for all nodes. A stolen token can then neither fill the disk nor
/// bring entries by the million.
/// </summary>
internal static class DeviceQuota
{
    /// <summary>The size of its pictures in a day: hundreds of a usual camera, a quarter of what is kept by default.</summary>
    public const long MaxPictureBytes = 512L << 20;

    /// <summary>The number of its entries in a day: more than a device records in a day of guesses.</summary>
    public const int MaxEntries = 100_000;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Begins another day for a device whose last one is over.</summary>
    public static void BeginDay(ReportingDevice device, DateTimeOffset now)
    {
        // A clock that was set back must not make the day longer
        if (now - device.DayBeganAt is { } age && age >= TimeSpan.Zero && age < Day)
            return;
        (device.DayBeganAt, device.DayEntries, device.DayPictureBytes) = (now, 0, 0);
    }

    /// <summary>Whether a device may report pictures of this size, in bytes.</summary>
    public static bool HasRoom(ReportingDevice device, long bytes) => device.DayPictureBytes + bytes <= MaxPictureBytes;
}

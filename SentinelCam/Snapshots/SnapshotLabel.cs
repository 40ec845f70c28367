using System.Globalization;
using SentinelCam.Data;

namespace SentinelCam.Snapshots;

/// <summary>The caveat to show beside a picture, so that its value as evidence is not overrated.</summary>
public static class SnapshotLabel
{
    /// <summary>Allows for the time that it takes to open the camera.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(15);

    /// <param name="snapshot">The picture.</param>
    /// <param name="moment">The moment that it is to show.</param>
    /// <returns>The label; null if the picture needs none.</returns>
    public static string? Of(Snapshot snapshot, DateTimeOffset moment)
    {
        var label = snapshot.Quality switch
        {
            FrameQuality.Demo => "DEMO",
            FrameQuality.Black => "black picture",
            FrameQuality.Uniform => "one flat colour",
            FrameQuality.Stale => "from before the attempt",
            FrameQuality.Frozen => "frozen picture",
            _ => null,
        };
        var delay = snapshot.TakenAt - moment;
        if (delay <= Late)
            return label;
        var late = string.Create(
            CultureInfo.InvariantCulture,
            $"taken {(delay.TotalMinutes < 2 ? $"{delay.TotalSeconds:0} s" : $"{delay.TotalMinutes:0} min")} late");
        return label is null ? late : $"{label}, {late}";
    }

    /// <summary>The label of a frame in a strip, such as "0.5 s before the picture".</summary>
    public static string Beside(Snapshot frame, Snapshot picture)
    {
        var seconds = (frame.TakenAt - picture.TakenAt).TotalSeconds;
        return string.Create(
            CultureInfo.InvariantCulture, $"{Math.Abs(seconds):0.0} s {(seconds < 0 ? "before" : "after")} the picture");
    }
}

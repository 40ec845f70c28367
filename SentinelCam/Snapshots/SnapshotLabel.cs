using System.Globalization;
using SentinelCam.Data;

namespace SentinelCam.Snapshots;

/// <summary>What must stand beside a picture, so that nobody takes it for more than it is.</summary>
public static class SnapshotLabel
{
    /// <summary>A camera that has to be opened first is not late.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(15);

    /// <param name="snapshot">The picture.</param>
    /// <param name="moment">The moment that it should show.</param>
    /// <returns>Null where there is nothing to say against the picture.</returns>
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
        var late = string.Create(CultureInfo.InvariantCulture, $"taken {(delay.TotalMinutes < 2 ? $"{delay.TotalSeconds:0} s" : $"{delay.TotalMinutes:0} min")} late");
        return label is null ? late : $"{label}, {late}";
    }

    /// <summary>What a frame of a strip is: "0.5 s before the picture".</summary>
    public static string Beside(Snapshot frame, Snapshot picture)
    {
        var seconds = (frame.TakenAt - picture.TakenAt).TotalSeconds;
        return string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(seconds):0.0} s {(seconds < 0 ? "before" : "after")} the picture");
    }
}

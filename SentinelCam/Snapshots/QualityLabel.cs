using SentinelCam.Capture;

namespace SentinelCam.Snapshots;

/// <summary>What must stand beside a picture, so that nobody takes it for more than it is.</summary>
public static class QualityLabel
{
    /// <returns>Null where there is nothing to say against the picture.</returns>
    public static string? Label(this FrameQuality quality) => quality switch
    {
        FrameQuality.Demo => "DEMO",
        FrameQuality.Black => "black picture",
        FrameQuality.Uniform => "one flat colour",
        FrameQuality.Stale => "from before the attempt",
        _ => null,
    };
}

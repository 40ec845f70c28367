using SentinelCam.Configuration;

namespace SentinelCam.Jobs;

/// <summary>How many frames a capture takes.</summary>
/// <param name="Frames"><c>Capture:Frames</c>: the number of frames, including the picture itself.</param>
public sealed record CaptureOptions(int Frames)
{
    public static CaptureOptions Read(IConfiguration configuration) =>
        new(Setting.Whole(configuration, "Capture:Frames", 3, 1, 5));
}

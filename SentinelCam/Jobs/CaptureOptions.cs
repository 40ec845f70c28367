using SentinelCam.Configuration;

namespace SentinelCam.Jobs;

/// <summary>What is taken of a moment.</summary>
/// <param name="Frames"><c>Capture:Frames</c>: the picture and its strip together.</param>
public sealed record CaptureOptions(int Frames)
{
    public static CaptureOptions Read(IConfiguration configuration) => new(Setting.Whole(configuration, "Capture:Frames", 3, 1, 5));
}

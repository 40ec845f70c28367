using OpenCvSharp;
using SentinelCam.Data;

namespace SentinelCam.Cameras;

/// <summary>What is known about a frame after it was judged.</summary>
/// <param name="Readable">False if the JPEG cannot be decoded.</param>
/// <param name="Quality">Meaningful only if the frame is readable.</param>
/// <param name="Brightness">Mean level, 0 to 255; null if the frame was not decoded.</param>
/// <param name="Score">Sharpness times exposure; higher is better. Null if the frame was not decoded.</param>
internal sealed record FrameVerdict(bool Readable, FrameQuality Quality, double? Brightness = null, double? Score = null)
{
    public bool Usable => Readable && Quality is FrameQuality.Good or FrameQuality.Unchecked or FrameQuality.Demo;
}

/// <summary>Judges frames: whether they are black or uniform, and how sharp and well exposed they are.</summary>
internal sealed class FrameJudge(OpenCvLibrary library)
{
    /// <summary>Levels, of 255. A face lit by a screen in a dark room has a mean of 15 but a deviation above 10.</summary>
    private const double BlackMean = 24;
    private const double BlackDeviation = 8;
    private const double UniformDeviation = 4;

    /// <summary>Number of levels next to black, and next to white, in which a sensor no longer resolves anything.</summary>
    private const int ClippedLevels = 6;

    /// <summary>In pixels; just enough to detect blur.</summary>
    private const int JudgedWidth = 320;

    public FrameVerdict Judge(Frame frame)
    {
        if (frame.Quality != FrameQuality.Unchecked || !library.Loads)
            return new FrameVerdict(true, frame.Quality);
        using var image = NativeImage.Decode(frame.Jpeg, (long)frame.Width * frame.Height, Reduced(frame.Width));
        if (image is null)
            return new FrameVerdict(false, FrameQuality.Unchecked);
        Cv2.MeanStdDev(image, out var mean, out var deviation);
        return new FrameVerdict(true, Classify(mean.Val0, deviation.Val0), mean.Val0, Sharpness(image) * Exposure(image));
    }

    internal static FrameQuality Classify(double mean, double deviation) => (mean, deviation) switch
    {
        ( < BlackMean, < BlackDeviation) => FrameQuality.Black,
        (_, < UniformDeviation) => FrameQuality.Uniform,
        _ => FrameQuality.Good,
    };

    /// <summary>Variance of the Laplacian: large if there are edges, small if there is blur.</summary>
    private static double Sharpness(Mat image)
    {
        using var edges = new Mat();
        Cv2.Laplacian(image, edges, MatType.CV_16S);
        Cv2.MeanStdDev(edges, out _, out var deviation);
        return deviation.Val0 * deviation.Val0;
    }

    /// <summary>The part of the histogram, 0 to 1, that is neither black nor white.</summary>
    private static double Exposure(Mat image)
    {
        using var histogram = new Mat();
        Cv2.CalcHist([image], [0], null, histogram, 1, [256], [new Rangef(0, 256)]);
        histogram.GetArray(out float[] levels);
        var clipped = levels.Take(ClippedLevels).Sum() + levels.TakeLast(ClippedLevels).Sum();
        return 1 - clipped / Math.Max(1, levels.Sum());
    }

    /// <summary>A reduced picture is decoded from a few of the coefficients, in a fraction of the time.</summary>
    private static ImreadModes Reduced(int width) => (width / JudgedWidth) switch
    {
        >= 8 => ImreadModes.ReducedGrayscale8,
        >= 4 => ImreadModes.ReducedGrayscale4,
        >= 2 => ImreadModes.ReducedGrayscale2,
        _ => ImreadModes.Grayscale,
    };
}

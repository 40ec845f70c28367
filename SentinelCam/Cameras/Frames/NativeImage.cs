using System.Runtime.InteropServices;
using OpenCvSharp;
using SentinelCam.Data;

namespace SentinelCam.Cameras;

/// <summary>Converts OpenCV's images to frames.</summary>
internal static class NativeImage
{
    private const int JpegQuality = 90;

    /// <summary>
    /// From this number of pixels on, one picture is decoded at a time: the coefficients of a progressive one take up to 320 MiB.
    /// </summary>
    private const int LargePixels = 4_000_000;

    private static readonly Lock OneLarge = new();

    public static Frame ToFrame(Mat image, DateTimeOffset takenAt) =>
        new(ToJpeg(image, JpegQuality), image.Width, image.Height, takenAt, FrameQuality.Unchecked);

    /// <summary>Takes a camera's own JPEG, which OpenCV delivers as one row of bytes.</summary>
    /// <returns>Null if it is something else, is incomplete, or lacks the tables that other programs need.</returns>
    public static Frame? TryKeepJpeg(Mat image, DateTimeOffset takenAt)
    {
        if (image.Type() != MatType.CV_8UC1 || (image.Rows != 1 && image.Cols != 1) || !image.IsContinuous())
            return null;
        var bytes = new byte[image.Total()];
        Marshal.Copy(image.Data, bytes, 0, bytes.Length);
        if (!JpegParser.TryParse(bytes, out var parsed) || !parsed.HasHuffmanTables)
            return null;
        return new Frame(bytes[..parsed.Length], parsed.Width, parsed.Height, takenAt, FrameQuality.Unchecked);
    }

    public static byte[] ToJpeg(Mat image, int quality)
    {
        Cv2.ImEncode(".jpg", image, out var jpeg, new ImageEncodingParam(ImwriteFlags.JpegQuality, quality));
        return jpeg;
    }

    /// <summary>Decodes a JPEG. Null if OpenCV cannot.</summary>
    /// <param name="jpeg">The JPEG, whose size <see cref="JpegParser"/> has limited.</param>
    /// <param name="pixels">How many pixels it has.</param>
    /// <param name="mode">The reduction.</param>
    public static Mat? Decode(byte[] jpeg, long pixels, ImreadModes mode)
    {
        if (pixels < LargePixels)
            return Decode(jpeg, mode);
        lock (OneLarge)
            return Decode(jpeg, mode);
    }

    private static Mat? Decode(byte[] jpeg, ImreadModes mode)
    {
        try
        {
            var image = Cv2.ImDecode(jpeg, mode);
            if (!image.Empty())
                return image;
            image.Dispose();
            return null;
        }
        catch (OpenCVException)
        {
            return null;
        }
    }
}

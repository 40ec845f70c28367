using System.Runtime.InteropServices;
using OpenCvSharp;
using SentinelCam.Data;

namespace SentinelCam.Cameras.Frames;

/// <summary>Turns OpenCV's images into frames.</summary>
internal static class NativeImage
{
    private const int JpegQuality = 90;

    public static Frame ToFrame(Mat image, DateTimeOffset takenAt) =>
        new(ToJpeg(image, JpegQuality), image.Width, image.Height, takenAt, FrameQuality.Unchecked);

    /// <summary>Takes a camera's own JPEG, which OpenCV hands over as one row of bytes.</summary>
    /// <returns>Null where it is something else, is cut off, or leaves out the tables that programs other than webcam drivers need.</returns>
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

    /// <summary>Decodes a JPEG, or returns null when OpenCV cannot.</summary>
    public static Mat? Decode(byte[] jpeg, ImreadModes mode)
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

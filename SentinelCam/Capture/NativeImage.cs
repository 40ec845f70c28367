using OpenCvSharp;

namespace SentinelCam.Capture;

/// <summary>Turns OpenCV's images into frames.</summary>
internal static class NativeImage
{
    private const int JpegQuality = 90;

    public static Frame ToFrame(Mat image, DateTimeOffset takenAt) =>
        new(ToJpeg(image, JpegQuality), image.Width, image.Height, takenAt, FrameQuality.Unchecked);

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

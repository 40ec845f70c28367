using OpenCvSharp;

namespace SentinelCam.Cameras;

/// <summary>Makes the small pictures that lists and mails show.</summary>
public sealed class Thumbnails(OpenCvLibrary library)
{
    private const int JpegQuality = 80;

    /// <summary>Shrinks a JPEG to a width. A narrower picture keeps its size.</summary>
    /// <param name="jpeg">The picture.</param>
    /// <param name="width">In pixels. The height keeps the proportions.</param>
    /// <returns>A JPEG. Null if OpenCV cannot be loaded or cannot decode the picture; then use the picture itself.</returns>
    public byte[]? TryMake(byte[] jpeg, int width = 320)
    {
        ArgumentNullException.ThrowIfNull(jpeg);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        // The parser limits the size of what is decoded
        if (!JpegParser.TryParse(jpeg, out var parsed) || !library.Loads)
            return null;
        var mode = (parsed.Width / width) switch
        {
            >= 8 => ImreadModes.ReducedColor8,
            >= 4 => ImreadModes.ReducedColor4,
            >= 2 => ImreadModes.ReducedColor2,
            _ => ImreadModes.Color,
        };
        using var image = NativeImage.Decode(jpeg, (long)parsed.Width * parsed.Height, mode);
        if (image is null)
            return null;
        if (image.Width <= width)
            return NativeImage.ToJpeg(image, JpegQuality);
        using var small = new Mat();
        var height = Math.Max(1, (int)Math.Round((double)image.Height * width / image.Width));
        Cv2.Resize(image, small, new Size(width, height), interpolation: InterpolationFlags.Area);
        return NativeImage.ToJpeg(small, JpegQuality);
    }
}

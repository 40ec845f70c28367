using OpenCvSharp;

namespace SentinelCam.Tests.Support;

/// <summary>
/// The time of a picture within the picture: a row of black and white blocks at the top, and below it the same row inverted.
/// </summary>
/// <remarks>Forty bits of milliseconds since 1970. The test's RTSP server draws the same blocks.</remarks>
public static class TimeCode
{
    public const int Bits = 40;
    private const long Mask = (1L << Bits) - 1;

    /// <summary>Why tests with it are skipped.</summary>
    public const string Why = OpenCv.NotLoaded;

    public static bool IsAvailable => OpenCv.Library.Loads;

    public static void Draw(Mat image, DateTimeOffset time)
    {
        var (value, block) = (time.ToUnixTimeMilliseconds() & Mask, image.Width / Bits);
        for (var bit = 0; bit < Bits; bit++)
        {
            var isSet = (value >> (Bits - 1 - bit) & 1) == 1;
            Cv2.Rectangle(image, new Rect(bit * block, 0, block, block), isSet ? Scalar.White : Scalar.Black, thickness: -1);
            Cv2.Rectangle(image, new Rect(bit * block, block, block, block), isSet ? Scalar.Black : Scalar.White, thickness: -1);
        }
    }

    /// <summary>The time that the picture shows.</summary>
    public static DateTimeOffset Read(byte[] jpeg)
    {
        using var image = Cv2.ImDecode(jpeg, ImreadModes.Grayscale);
        var block = image.Width / Bits;
        var value = 0L;
        for (var bit = 0; bit < Bits; bit++)
        {
            var (above, below) = (Level(image, bit * block, 0, block), Level(image, bit * block, block, block));
            Assert.True(Math.Abs(above - below) > 100, $"Bit {bit} cannot be read: {above:0} over {below:0}.");
            value = value << 1 | (above > below ? 1L : 0L);
        }

        // The higher bits are those of today
        return DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() & ~Mask | value);
    }

    private static double Level(Mat image, int x, int y, int block)
    {
        using var middle = new Mat(image, new Rect(x + block / 4, y + block / 4, Math.Max(1, block / 2), Math.Max(1, block / 2)));
        return Cv2.Mean(middle).Val0;
    }
}

using SentinelCam.Cameras;
using SentinelCam.Data;

namespace SentinelCam.Tests.Support;

/// <summary>JPEG pictures for tests.</summary>
public static class TestJpeg
{
    /// <summary>A real picture of 640x480.</summary>
    public static byte[] Demo(int number = 1)
    {
        var name = $"SentinelCam.Cameras.Sources.Demo.frame-{number}.jpg";
        using var resource = typeof(Frame).Assembly.GetManifestResourceStream(name)!;
        using var copy = new MemoryStream();
        resource.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>The shortest complete sequence of markers, which no decoder accepts. The tag makes it unique.</summary>
    public static byte[] Tiny(int tag, int scanBytes = 64)
    {
        var scan = new byte[scanBytes];
        new Random(tag).NextBytes(scan);
        for (var i = 0; i < scan.Length; i++)
            scan[i] = scan[i] == 0xFF ? (byte)0xFE : scan[i];
        return
        [
            0xFF, 0xD8,
            0xFF, 0xE0, 0, 16, (byte)'J', (byte)'F', (byte)'I', (byte)'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0,
            0xFF, 0xDB, 0, 5, 0, (byte)(tag >> 8), (byte)tag,
            0xFF, 0xC0, 0, 11, 8, 0, 24, 0, 32, 1, 1, 0x11, 0,
            0xFF, 0xC4, 0, 4, 0, 0,
            0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0,
            .. scan, 0xFF, 0x00, 0xFF, 0xD0, 1, 2,
            0xFF, 0xD9,
        ];
    }

    /// <summary>A frame with a demo picture, which OpenCV judges good.</summary>
    public static Frame Good(DateTimeOffset takenAt, int number = 1) =>
        new(Demo(number), 640, 480, takenAt, FrameQuality.Unchecked);
}

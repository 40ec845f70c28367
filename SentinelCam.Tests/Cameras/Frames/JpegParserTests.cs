using SentinelCam.Cameras;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

public class JpegParserTests
{
    [Fact]
    public void A_complete_picture_has_its_size_and_length()
    {
        var jpeg = TestJpeg.Demo();

        Assert.True(JpegParser.TryParse([.. jpeg, 1, 2, 3], out var parsed));
        Assert.Equal((640, 480, jpeg.Length), (parsed.Width, parsed.Height, parsed.Length));
    }

    [Fact]
    public void A_picture_cut_off_anywhere_is_rejected()
    {
        var jpeg = TestJpeg.Demo();
        for (var length = 0; length < jpeg.Length; length += 7)
            Assert.False(JpegParser.TryParse(jpeg.AsSpan(0, length), out _), $"cut off after {length} bytes");
    }

    [Fact]
    public void Bytes_that_arrive_one_by_one_give_the_same_picture()
    {
        var jpeg = TestJpeg.Demo();
        var parser = new JpegParser();
        parser.Reset();
        for (var length = 3; length < jpeg.Length; length++)
            Assert.Equal(JpegProgress.NeedsMore, parser.Advance(jpeg.AsSpan(0, length)));
        Assert.Equal(JpegProgress.Complete, parser.Advance(jpeg));
        Assert.Equal(jpeg.Length, parser.Length);
    }

    [Fact]
    public void A_picture_inside_the_metadata_is_not_mistaken_for_its_end()
    {
        var inner = TestJpeg.Tiny(1);
        var outer = TestJpeg.Tiny(2);
        byte[] jpeg = [0xFF, 0xD8, 0xFF, 0xE1, 0, (byte)(inner.Length + 2), .. inner, .. outer[2..]];

        Assert.True(JpegParser.TryParse(jpeg, out var parsed));
        Assert.Equal(jpeg.Length, parsed.Length);
    }

    [Theory]
    [InlineData(new byte[] { 0x89, 0x50, 0x4E, 0x47 })]
    [InlineData(new byte[] { 0xFF, 0xD8, 0xFF, 0xD9 })]
    [InlineData(new byte[] { 0xFF, 0xD8, 0xFF, 0xE0, 0, 1, 0xFF, 0xD9 })]
    [InlineData(new byte[] { 0xFF, 0xD8, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 1, 0xFF, 0xD9 })]
    [InlineData(new byte[]
    {
        0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 0x11, 0,
        0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 1, 0xFF, 0xD9,
    })]
    [InlineData(new byte[]
    {
        0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0, 0, 0, 8, 1, 1, 0x11, 0,
        0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 1, 0xFF, 0xD9,
    })]
    public void Data_that_only_looks_like_a_picture_is_rejected(byte[] bytes) =>
        Assert.False(JpegParser.TryParse(bytes, out _));

    [Theory]
    [InlineData(0xFE, 0)]
    [InlineData(0xFE, 1)]
    [InlineData(0xFE, 2)]
    [InlineData(0xFE, 7)]
    [InlineData(0xFE, 21)]
    [InlineData(0xFE, 23)]
    [InlineData(0xFE, 120)]
    [InlineData(0xFE, 1000)]
    [InlineData(0xFE, 65535)]
    [InlineData(0xE1, 0)]
    [InlineData(0xE1, 2)]
    [InlineData(0xE1, 7)]
    [InlineData(0xEF, 65535)]
    public void A_comment_or_application_segment_may_have_a_wrong_length(byte marker, int length)
    {
        var tiny = TestJpeg.Tiny(3, 300);
        // Twenty characters, whose length is 22
        byte[] odd = [.. tiny[..20], 0xFF, marker, (byte)(length >> 8), (byte)length, .. "twenty characters of"u8, .. tiny[20..]];

        Assert.True(JpegParser.TryParse(odd, out var parsed));
        Assert.Equal((odd.Length, 32, 24), (parsed.Length, parsed.Width, parsed.Height));
    }

    [Fact]
    public async Task What_ffmpeg_and_OpenCV_show_despite_a_wrong_length_is_a_picture()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        var demo = TestJpeg.Demo();
        byte[] odd = [.. demo[..2], 0xFF, 0xFE, 0, 4, .. "a comment that is longer than it says"u8, .. demo[2..]];
        var folder = Directory.CreateTempSubdirectory();
        var file = Path.Combine(folder.FullName, "odd.jpg");
        await File.WriteAllBytesAsync(file, odd, TestContext.Current.CancellationToken);
        await FfmpegProgram.RunAsync(TestContext.Current.CancellationToken, "-i", file, "-f", "null", "-");
        folder.Delete(recursive: true);

        Assert.True(JpegParser.TryParse(odd, out var parsed));
        Assert.Equal((640, 480, odd.Length), (parsed.Width, parsed.Height, parsed.Length));
        if (OpenCv.Library.Loads)
            Assert.NotNull(new Thumbnails(OpenCv.Library).TryMake(odd));
    }

    [Fact]
    public void A_picture_over_16_MiB_is_rejected()
    {
        Assert.True(JpegParser.TryParse(TestJpeg.Tiny(1, 15 * 1024 * 1024), out _));
        Assert.False(JpegParser.TryParse(TestJpeg.Tiny(1, JpegParser.MaxBytes), out _));
    }

    [Theory]
    [InlineData(9200, 7000, 0xC0, 0x11, 3, true)]
    [InlineData(9300, 7000, 0xC0, 0x11, 3, false)]
    [InlineData(8688, 5792, 0xC2, 0x11, 3, true)]
    [InlineData(9200, 7000, 0xC2, 0x22, 3, true)]
    [InlineData(9200, 7000, 0xC2, 0x21, 3, true)]
    [InlineData(9200, 7000, 0xC2, 0x11, 3, false)]
    [InlineData(8688, 5792, 0xC2, 0x11, 4, false)]
    [InlineData(9200, 7000, 0xC0, 0x11, 1, false)]
    public void The_memory_for_decoding_is_limited(
        int width, int height, byte frame, byte sampling, byte componentsInScan, bool isAccepted)
    {
        // Two of three components are sampled once, so the sampling of the first one tells how many coefficients there are
        byte components = Math.Max((byte)3, componentsInScan);
        byte[] jpeg =
        [
            0xFF, 0xD8, 0xFF, 0xDB, 0, 5, 0, 1, 1,
            0xFF, frame, 0, (byte)(8 + 3 * components), 8, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width,
            components, 1, sampling, 0, .. Enumerable.Range(2, components - 1).SelectMany(id => new byte[] { (byte)id, 0x11, 0 }),
            0xFF, 0xDA, 0, (byte)(6 + 2 * componentsInScan), componentsInScan,
            .. Enumerable.Range(1, componentsInScan).SelectMany(id => new byte[] { (byte)id, 0 }), 0, 63, 0,
            1, 2, 3, 0xFF, 0xD9,
        ];

        Assert.Equal(isAccepted, JpegParser.TryParse(jpeg, out var parsed));
        Assert.Equal(!isAccepted, parsed.IsTooLarge);
    }
}

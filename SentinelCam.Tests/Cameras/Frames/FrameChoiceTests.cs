using Microsoft.Extensions.Time.Testing;
using OpenCvSharp;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

/// <summary>Which frames are chosen, with real pictures.</summary>
public class FrameChoiceTests
{
    private static readonly DateTimeOffset Moment = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FrameRing _ring = new(int.MaxValue, 1000);
    private readonly FrameJudge _judge = new(OpenCv.Library);

    [Fact]
    public void Among_frames_of_similar_quality_the_nearest_is_taken()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        for (var i = -30; i <= 30; i++)
            Add(i / 30.0 + 0.01, Blurred(0, 1 + (i + 30) % 6));

        Assert.Equal(Moment.AddSeconds(0.01), Best()!.Frame.TakenAt);
    }

    [Fact]
    public void A_clearly_sharper_frame_is_preferred_to_a_nearer_one()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        Add(-0.9, Blurred(0));
        Add(-0.4, Blurred(0));
        Add(-0.1, Blurred(15));
        Add(0.05, Blurred(15));
        Add(0.6, Blurred(5));

        var best = Best()!;

        Assert.Equal(Moment.AddSeconds(-0.4), best.Frame.TakenAt);
        Assert.True(best.Judge(_judge).Score > 2 * Add(0.9, Blurred(15)).Judge(_judge).Score);
    }

    [Theory]
    [InlineData(-0.4)]
    [InlineData(0.8)]
    public void A_sharper_frame_is_preferred_even_if_all_files_have_the_same_size(double seconds)
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        Add(seconds, OfSize(60_000, Blurred(0)));
        Add(0.02, OfSize(60_000, Blurred(15)));

        Assert.Equal(Moment.AddSeconds(seconds), Best()!.Frame.TakenAt);
    }

    [Fact]
    public void Among_sharper_frames_of_the_same_size_a_nearer_one_than_the_first_found_is_taken()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        for (var i = -30; i <= 0; i++)
            Add(i / 30.0, OfSize(60_000, Blurred(i > -4 ? 15 : 0, 1 + (i + 30) % 6)));

        var best = Best()!;

        Assert.InRange(best.Frame.TakenAt, Moment.AddSeconds(-0.25), Moment.AddSeconds(-0.13));
    }

    [Fact]
    public void Only_a_few_of_many_frames_are_judged()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        for (var i = -30; i <= 30; i++)
            Add(i / 30.0 + 0.01, Blurred(i == 0 ? 1 : 0, 1 + (i + 30) % 6));

        Best();

        Assert.InRange(_ring.ToArray().Count(frame => frame.Picture.Verdict is not null), 1, 20);
    }

    [Fact]
    public void A_decoded_picture_is_encoded_at_quality_90()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        using var image = new Mat(48, 64, MatType.CV_8UC3, new Scalar(10, 100, 200));

        var jpeg = NativeImage.ToFrame(image, Moment).Jpeg;

        // The standard's luminance table, 16 11 12 14 12 10 16 14, scaled to a fifth
        Assert.Equal([3, 2, 2, 3, 2, 2, 3, 3], jpeg.AsSpan(jpeg.AsSpan().IndexOf([(byte)0xFF, (byte)0xDB]) + 5, 8).ToArray());
    }

    [Fact]
    public void An_overexposed_frame_scores_lower()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        using var scene = new Mat(480, 640, MatType.CV_8UC3, new Scalar(120, 120, 120));
        Cv2.Rectangle(scene, new Rect(100, 100, 200, 200), new Scalar(150, 150, 150), -1);
        using var burnt = scene.Clone();
        Cv2.Rectangle(burnt, new Rect(320, 0, 320, 480), Scalar.White, -1);
        Cv2.Rectangle(burnt, new Rect(400, 100, 200, 200), Scalar.White, -1);
        using var shown = scene.Clone();
        Cv2.Rectangle(shown, new Rect(320, 0, 320, 480), new Scalar(240, 240, 240), -1);

        var good = Add(0, NativeImage.ToJpeg(shown, 90)).Judge(_judge);
        var bad = Add(0, NativeImage.ToJpeg(burnt, 90)).Judge(_judge);

        Assert.Equal((FrameQuality.Good, FrameQuality.Good), (good.Quality, bad.Quality));
        Assert.True(good.Score > bad.Score, $"{good.Score} and {bad.Score}");
    }

    [Fact]
    public void A_good_frame_is_preferred_to_black_grey_and_frozen_ones()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        var frozen = Blurred(0, 2);
        for (var at = -6.0; at <= 0.3; at += 0.1)
            Add(at, frozen);
        Add(0.35, Flat(0));
        Add(0.4, Flat(128));
        Add(0.8, Blurred(0));

        Assert.Equal(Moment.AddSeconds(0.8), Best()!.Frame.TakenAt);
    }

    [Fact]
    public void Without_OpenCV_the_nearest_frame_is_taken_and_has_no_score()
    {
        Add(-0.5, TestJpeg.Tiny(1, scanBytes: 5000));
        Add(0.1, TestJpeg.Tiny(2));
        var blind = new FrameJudge(OpenCv.Missing);

        var best = Best(blind)!;

        Assert.Equal((Moment.AddSeconds(0.1), null), (best.Frame.TakenAt, best.Judge(blind).Score));
    }

    [Theory]
    [InlineData(1, new double[0])]
    [InlineData(2, new[] { -0.5 })]
    [InlineData(3, new[] { -0.5, 0.5 })]
    [InlineData(4, new[] { -1, -0.5, 0.5 })]
    [InlineData(5, new[] { -1, -0.5, 0.5, 1 })]
    public void The_frames_of_a_strip_are_half_a_second_apart(int count, double[] seconds) =>
        Assert.Equal(seconds.Select(second => Moment.AddSeconds(second)), FrameStrip.Places(Moment, count));

    [Fact]
    public void A_strip_takes_the_nearest_good_frames_and_leaves_other_places_empty()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        Add(-1.02, Blurred(0, 3));
        Add(-0.52, Flat(0));
        Add(-0.4, Blurred(0, 4));
        var picture = Add(0, Blurred(0, 1)).Frame;
        Add(0.5, picture.Jpeg);
        Add(1.3, Blurred(0, 5));

        var strip = FrameStrip.Choose(_ring.ToArray(), picture, FrameStrip.Places(Moment, 5), _judge);

        Assert.Equal([Moment.AddSeconds(-1.02), Moment.AddSeconds(-0.4)], strip.Select(frame => frame.TakenAt));
        Assert.All(strip, frame => Assert.Equal((FrameQuality.Good, true), (frame.Quality, frame.Score > 0)));
    }

    [Fact]
    public void A_webcam_s_own_JPEG_is_kept_unless_other_programs_cannot_decode_it()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        var jpeg = TestJpeg.Demo();

        Assert.Equal(jpeg, Keep([.. jpeg, 0, 0, 0])?.Jpeg);
        Assert.Equal((640, 480), (Keep(jpeg)!.Width, Keep(jpeg)!.Height));
        Assert.Null(Keep(jpeg[..^50]));
        Assert.Null(Keep(new byte[1000]));
        var withoutTables = TestJpeg.Tiny(1);
        withoutTables[withoutTables.AsSpan().IndexOf([(byte)0xFF, (byte)0xC4]) + 1] = 0xFE; // a comment instead
        Assert.Null(Keep(withoutTables));
        using var decoded = new Mat(480, 640, MatType.CV_8UC3);
        Assert.Null(NativeImage.TryKeepJpeg(decoded, Moment));

        static Frame? Keep(byte[] bytes)
        {
            using var row = new Mat(1, bytes.Length, MatType.CV_8UC1);
            row.SetArray(bytes);
            return NativeImage.TryKeepJpeg(row, Moment);
        }
    }

    [Fact]
    public async Task A_capture_waits_until_the_exposure_of_a_cold_webcam_has_settled()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        var camera = new FakeCamera { StartsDark = true };
        var time = new FakeTimeProvider(Moment);
        await using var feed = new CameraFeed(
            camera, "desk", OpenCv.Library, time, new LogRecord<CameraFeed>(),
            new CameraFeedLimits { Warm = CameraWarmth.Never });
        double[] light = [0.02, 0.1, 0.3, 0.6, 0.8, 1, 1, 1, 1, 1];
        for (var i = 0; i < light.Length; i++)
            camera.Send(new Frame(Lit(light[i], i), 640, 480, Moment.AddSeconds(i / 30.0), FrameQuality.Unchecked));

        var result = await feed.CaptureAsync(Moment, TestContext.Current.CancellationToken);

        // The fifth frame of the same brightness, although earlier ones are nearer
        Assert.Equal((Moment.AddSeconds(9 / 30.0), FrameQuality.Good), (result.Frame!.TakenAt, result.Frame.Quality));
    }

    private static byte[] Lit(double part, int number)
    {
        using var image = Cv2.ImDecode(TestJpeg.Demo(1 + number % 2), ImreadModes.Color);
        using var lit = new Mat();
        image.ConvertTo(lit, -1, part);
        return NativeImage.ToJpeg(lit, 90);
    }

    private RingFrame? Best(FrameJudge? judge = null)
    {
        var frames = FrameChoice.Around(_ring.ToArray(), Moment, TimeSpan.FromSeconds(1));
        return FrameChoice.Best(frames, Moment, judge ?? _judge, CancellationToken.None);
    }

    /// <summary>The picture, padded to a size by a comment.</summary>
    private static byte[] OfSize(int bytes, byte[] jpeg)
    {
        var comment = bytes - jpeg.Length;
        byte[] header = [0xFF, 0xFE, (byte)((comment - 2) >> 8), (byte)(comment - 2)];
        return [.. jpeg[..2], .. header, .. new byte[comment - 4], .. jpeg[2..]];
    }

    private RingFrame Add(double seconds, byte[] jpeg)
    {
        var frame = new Frame(jpeg, 640, 480, Moment.AddSeconds(seconds), FrameQuality.Unchecked);
        _ring.Add(frame, TimeSpan.FromSeconds(100 + seconds));
        return _ring.Last!;
    }

    private static byte[] Flat(int level)
    {
        using var image = new Mat(480, 640, MatType.CV_8UC3, new Scalar(level, level, level));
        return NativeImage.ToJpeg(image, 90);
    }

    /// <summary>A DEMO picture, blurred over a number of pixels.</summary>
    private static byte[] Blurred(int pixels, int number = 1)
    {
        using var image = Cv2.ImDecode(TestJpeg.Demo(number), ImreadModes.Color);
        using var blurred = pixels == 0 ? image.Clone() : image.GaussianBlur(new Size(pixels * 2 + 1, pixels * 2 + 1), 0);
        return NativeImage.ToJpeg(blurred, 90);
    }
}

using System.Text.RegularExpressions;
using OpenCvSharp;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

/// <summary>Cameras with about fifty megapixels.</summary>
public class LargePictureTests
{
    /// <summary>OpenCV's <c>IMWRITE_JPEG_SAMPLING_FACTOR</c> and two of its values.</summary>
    private const ImwriteFlags SamplingFactor = (ImwriteFlags)7;
    private const int EachSampled = 0x111111, ColourSampledLess = 0x221111;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(8688, 5792, ColourSampledLess, false)]
    [InlineData(8000, 6250, EachSampled, false)]
    [InlineData(8000, 6250, ColourSampledLess, true)]
    [InlineData(8688, 5792, EachSampled, true)]
    public async Task A_picture_of_fifty_megapixels_is_taken_judged_and_made_small(
        int width, int height, int sampling, bool isProgressive)
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        var jpeg = Jpeg(width, height, sampling, isProgressive);
        await using var camera = await ServeAsync(jpeg);
        await using var feed = new CameraFeed(
            new HttpCamera(camera.Url(), TimeProvider.System), "gate", OpenCv.Library, TimeProvider.System,
            new LogRecord<CameraFeed>());

        var taken = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.Taken, null), (taken.Outcome, taken.Problem));
        Assert.Equal((width, height, FrameQuality.Good), (taken.Frame!.Width, taken.Frame.Height, taken.Frame.Quality));
        Assert.Equal(jpeg, taken.Frame.Jpeg);
        Assert.True(JpegParser.TryParse(new Thumbnails(OpenCv.Library).TryMake(jpeg), out var small));
        Assert.Equal(320, small.Width);
    }

    [Fact]
    public async Task Captures_at_the_same_time_decode_one_picture_at_a_time()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && OpenCv.Library.Loads, OpenCv.NotLoaded);
        await using var camera = await ServeAsync(Jpeg(8688, 5792, EachSampled, isProgressive: true));
        var directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
        await using (var app = SentinelCamProcess.Start(directory, ("Camera:Source", camera.Url().AbsoluteUri)))
        {
            using var ann = new WebVisitor(await app.Address, "Tests/1.0");
            await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
            await ann.SignOutAsync();
            var before = app.PeakWorkingSet;

            // Each opens an alert of its own, whose first picture is mailed
            await Task.WhenAll(new[] { SentinelCamApp.AnnsEmail, "nobody@example.org" }.Select(async account =>
            {
                using var visitor = new WebVisitor(await app.Address, "Tests/1.0");
                await visitor.SignInAsync(account, "wrong");
            }));
            // On a busy machine the second picture comes so late that the camera seems to repeat itself
            await Eventually.TrueAsync(
                () => Regex.Count(app.Said, "snapshot . taken .* \"(Good|Frozen)\"") == 2
                    && Regex.Count(app.Said, "\"Accepted\"") == 2,
                () => app.Said);
            var megabytes = (app.PeakWorkingSet - before) / 1_000_000;
            TestContext.Current.TestOutputHelper?.WriteLine($"{megabytes} MB more");
            Assert.InRange(megabytes, 300, 550);
        }

        Directory.Delete(directory, recursive: true);
    }

    private static Task<CameraServer> ServeAsync(byte[] jpeg) => CameraServer.StartAsync(context =>
    {
        context.Response.ContentType = "image/jpeg";
        return context.Response.Body.WriteAsync(jpeg).AsTask();
    });

    private static byte[] Jpeg(int width, int height, int sampling, bool isProgressive)
    {
        using var demo = Cv2.ImDecode(TestJpeg.Demo(), ImreadModes.Color);
        using var large = new Mat();
        Cv2.Resize(demo, large, new Size(width, height));
        Cv2.ImEncode(
            ".jpg", large, out var jpeg,
            new ImageEncodingParam(ImwriteFlags.JpegProgressive, isProgressive ? 1 : 0),
            new ImageEncodingParam(SamplingFactor, sampling));
        return jpeg;
    }
}

using System.Reflection;
using System.Runtime.Loader;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

public class OpenCvLibraryTests
{
    private static readonly Thumbnails Thumbnails = new(OpenCv.Library);

    [Fact]
    public void A_library_that_cannot_be_loaded_is_detected_and_harmless()
    {
        // A second copy of both assemblies that finds no native library, as on a machine without GTK
        var context = new WithoutNativeLibraries();
        var assembly = context.LoadFromAssemblyPath(typeof(OpenCvLibrary).Assembly.Location);
        var library = assembly.GetType(typeof(OpenCvLibrary).FullName!)!;
        var missing = Activator.CreateInstance(library)!;
        var thumbnails = assembly.GetType(typeof(Thumbnails).FullName!)!;

        Assert.NotSame(typeof(OpenCvLibrary), library);
        Assert.Equal(false, library.GetProperty(nameof(OpenCvLibrary.Loads))!.GetValue(missing));
        var tryMake = thumbnails.GetMethod(nameof(Thumbnails.TryMake))!;
        Assert.Null(tryMake.Invoke(Activator.CreateInstance(thumbnails, missing), [TestJpeg.Demo(), 320]));
    }

    [Fact]
    public void Loading_the_library_is_tried_once()
    {
        var tries = 0;
        var library = new OpenCvLibrary(() =>
        {
            tries++;
            throw new TypeInitializationException("OpenCvSharp.Internal.NativeMethods", new DllNotFoundException());
        });

        Assert.False(library.Loads);
        Assert.False(library.Loads);
        Assert.Equal(1, tries);
    }

    [Fact]
    public void A_thumbnail_is_320_pixels_wide_and_keeps_the_proportions()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);

        Assert.True(JpegParser.TryParse(Thumbnails.TryMake(TestJpeg.Demo()), out var small));
        Assert.Equal((320, 240), (small.Width, small.Height));
        Assert.True(JpegParser.TryParse(Thumbnails.TryMake(TestJpeg.Demo(), 50), out var tiny));
        Assert.Equal((50, 38), (tiny.Width, tiny.Height));
        Assert.True(JpegParser.TryParse(Thumbnails.TryMake(TestJpeg.Demo(), 2000), out var same));
        Assert.Equal((640, 480), (same.Width, same.Height));
    }

    [Fact]
    public void Invalid_pictures_have_no_thumbnail()
    {
        Assert.Null(Thumbnails.TryMake([1, 2, 3]));
        Assert.Null(Thumbnails.TryMake(TestJpeg.Demo()[..^100]));
        Assert.Null(Thumbnails.TryMake(TestJpeg.Tiny(1)));
    }

    [Theory]
    [InlineData(0, 0, FrameQuality.Black)]
    [InlineData(15, 4, FrameQuality.Black)]
    [InlineData(15, 12, FrameQuality.Good)]
    [InlineData(128, 1, FrameQuality.Uniform)]
    [InlineData(255, 0, FrameQuality.Uniform)]
    [InlineData(128, 40, FrameQuality.Good)]
    public void Mean_and_deviation_decide_the_quality_of_a_frame(double mean, double deviation, FrameQuality quality) =>
        Assert.Equal(quality, FrameJudge.Classify(mean, deviation));

    [Fact]
    public void The_exposure_has_settled_when_the_brightness_is_steady()
    {
        var settling = new ExposureSettling(new FakeTimeProvider());
        double[] rising = [0, 0, 0, 0, 0, 0, 10, 30, 60, 80, 90, 95, 96, 97, 97];

        Assert.All(rising, brightness => Assert.False(settling.IsSettled(Lit(brightness))));
        Assert.True(settling.IsSettled(Lit(97)));
    }

    [Fact]
    public void Settling_takes_at_most_two_seconds()
    {
        var time = new FakeTimeProvider();
        var settling = new ExposureSettling(time);
        for (var i = 0; i < 59; i++, time.Advance(TimeSpan.FromSeconds(1 / 30.0)))
        {
            Assert.False(settling.IsSettled(Lit(0)));
        }
        time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.True(settling.IsSettled(Lit(0)));
    }

    [Fact]
    public void Without_OpenCV_the_exposure_counts_as_settled_after_two_seconds_and_a_drawn_picture_at_once()
    {
        var time = new FakeTimeProvider();
        var settling = new ExposureSettling(time);
        Assert.False(settling.IsSettled(new FrameVerdict(true, FrameQuality.Unchecked)));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(settling.IsSettled(new FrameVerdict(true, FrameQuality.Unchecked)));
        Assert.True(new ExposureSettling(time).IsSettled(new FrameVerdict(true, FrameQuality.Demo)));
    }

    private static FrameVerdict Lit(double brightness) => new(true, FrameQuality.Good, brightness);

    private sealed class WithoutNativeLibraries : AssemblyLoadContext
    {
        protected override Assembly? Load(AssemblyName assemblyName) => assemblyName.Name == "OpenCvSharp"
            ? LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, "OpenCvSharp.dll"))
            : null;

        protected override IntPtr LoadUnmanagedDll(string unmanagedDllName) => throw new DllNotFoundException(unmanagedDllName);
    }
}

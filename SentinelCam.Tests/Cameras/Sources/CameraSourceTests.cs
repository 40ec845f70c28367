using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

public class CameraSourceTests
{
    [Theory]
    [InlineData("foo")]
    [InlineData("-1")]
    [InlineData("64")]
    [InlineData("missing.mp4")]
    [InlineData("ftp://camera/video")]
    [InlineData("http://")]
    [InlineData("http://camera:99999/")]
    [InlineData("file:///etc/passwd")]
    public void An_invalid_source_stops_the_start_with_one_line_that_says_what_is_allowed(string source)
    {
        var e = Assert.Throws<ConfigurationException>(() => Create(source));

        Assert.StartsWith(
            $"Camera:Source is \"{source}\". Allowed: auto, demo, a device index", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("ftp://me:hunter2@camera/video", "ftp://camera/video")]
    [InlineData("http://me:hunter2@camera:x/?key=hunter2", "http://camera:x/")]
    [InlineData("me:hunter2@camera", "camera")]
    [InlineData("https://me:hunter2@ss@camera/snap.jpg", "https://camera/snap.jpg")]
    [InlineData("foo\r\nbar", "foo??bar")]
    public void An_invalid_source_is_shown_without_credentials_and_on_one_line(string source, string shown)
    {
        var e = Assert.Throws<ConfigurationException>(() => Create(source));

        Assert.StartsWith($"Camera:Source is \"{shown}\". ", e.Message, StringComparison.Ordinal);
        Assert.Equal(source.Contains('@', StringComparison.Ordinal), e.Message.Contains("%40", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://admin:12345?@host/")]
    [InlineData("http://admin:12345#@host/")]
    [InlineData("http://admin:12345/@host/")]
    [InlineData("http://admin:12345\\@host/")]
    [InlineData("rtsp://admin:12345?6@host:554/stream")]
    [InlineData("https://admin:12/345@host/")]
    [InlineData("http://me:hun/ter12345@camera/")]
    [InlineData("http://me:hunter2?@camera:x/?key=12345")]
    [InlineData("http://host/?user=me@12345")]
    [InlineData("http://me:a@b?12345@host/")]
    public void An_address_that_can_be_read_in_two_ways_is_refused_and_nothing_of_it_is_shown(string source)
    {
        var e = Assert.Throws<ConfigurationException>(() => Create(source));

        Assert.StartsWith("Camera:Source is \"...\". Allowed: ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("12345", e.Message, StringComparison.Ordinal);
        Assert.Contains("write @ as %40", e.Message, StringComparison.Ordinal);
        Assert.Equal("http://host/", Create("http://admin:12345%3F@host/").Status.Source);
    }

    [Theory]
    [InlineData(null, "auto")]
    [InlineData("", "auto")]
    [InlineData("AUTO", "auto")]
    [InlineData("demo", "demo")]
    [InlineData(" 1 ", "1")]
    [InlineData("/dev/video2", "2")]
    [InlineData("http://me:hunter2@camera:8080/video.mjpg?key=hunter2#x", "http://camera:8080/video.mjpg")]
    [InlineData("rtsp://me:hunter2@camera/stream1", "rtsp://camera/stream1")]
    [InlineData("rtsp://camera:554/live/user=me&password=hunter2&channel=1", "rtsp://camera:554/live/...")]
    [InlineData("http://camera/video%3bpwd%3dhunter2", "http://camera/...")]
    public void A_valid_source_is_shown_without_credentials_and_query(string? source, string shown) =>
        Assert.Equal(shown, Create(source).Status.Source);

    [Fact]
    public void The_path_of_a_video_file_is_relative_to_the_content_root()
    {
        var folder = Directory.CreateTempSubdirectory();
        File.WriteAllText(Path.Combine(folder.FullName, "clip.mp4"), "");

        var feed = Create("clip.mp4", folder.FullName);
        folder.Delete(recursive: true);

        Assert.Equal("clip.mp4", feed.Status.Source);
    }

    [Fact]
    public void The_name_is_the_host_name_unless_configured()
    {
        Assert.Equal(Environment.MachineName, Create("demo").Name);
        Assert.Equal("Front door", Create("demo", name: " Front door ").Status.Name);
        Assert.Throws<ConfigurationException>(() => Create("demo", name: new string('x', 101)));
        Assert.DoesNotContain('\n', Assert.Throws<ConfigurationException>(() => Create("demo", name: "a\nb")).Message);
    }

    [Theory]
    [InlineData("Camera:Warm", "Sometimes", "OnDemand, Always, Never.")]
    [InlineData("Camera:IdleClose", "60", "a duration as [days.]hours:minutes:seconds from 00:00:05 to 1.00:00:00.")]
    [InlineData("Camera:IdleClose", "00:00:01", "a duration as [days.]hours:minutes:seconds from 00:00:05 to 1.00:00:00.")]
    [InlineData("Camera:RtspTransport", "Multicast", "Auto, Tcp, Udp.")]
    [InlineData("Camera:Memory", "1000", "a whole number from 1048576 to 1073741824.")]
    public void Other_invalid_values_stop_the_start_with_one_line(string key, string value, string allowed)
    {
        var e = Assert.Throws<ConfigurationException>(() => Create("demo", other: (key, value)));

        Assert.Equal($"{key} is \"{value}\". Allowed: {allowed}", e.Message);
    }

    [Theory]
    [InlineData("Camera:Warm", "always")]
    [InlineData("Camera:RtspTransport", "udp")]
    [InlineData("Camera:IdleClose", "00:10:00")]
    [InlineData("Camera:Memory", "1048576")]
    public void Valid_values_are_accepted(string key, string value) =>
        Assert.Equal("demo", Create("demo", other: (key, value)).Status.Source);

    private static CameraFeed Create(
        string? source, string? folder = null, string? name = null, (string Key, string Value)? other = null)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                [new("Camera:Source", source), new("Camera:Name", name), new(other?.Key ?? "None", other?.Value)])
            .Build();
        var services = new ServiceCollection().AddLogging();
        services.AddCameras(configuration, new TestEnvironment { ContentRootPath = folder ?? AppContext.BaseDirectory });
        return services.BuildServiceProvider().GetRequiredService<CameraFeed>();
    }
}

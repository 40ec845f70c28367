using Microsoft.Extensions.Configuration;
using SentinelCam.Configuration;
using SentinelCam.Jobs;

namespace SentinelCam.Tests.Jobs;

public class CaptureOptionsTests
{
    [Theory]
    [InlineData("0")]
    [InlineData("6")]
    [InlineData("three")]
    public void Invalid_number_of_frames_stops_the_start(string value)
    {
        var error = Assert.Throws<ConfigurationException>(() => Read(value));

        Assert.Equal($"Capture:Frames is \"{value}\". Allowed: a whole number from 1 to 5.", error.Message);
    }

    [Theory]
    [InlineData("5", 5)]
    [InlineData("", 3)]
    [InlineData(null, 3)]
    public void Valid_number_of_frames_is_used_and_the_default_is_three(string? value, int frames) =>
        Assert.Equal(frames, Read(value).Frames);

    private static CaptureOptions Read(string? value) => CaptureOptions.Read(
        new ConfigurationBuilder().AddInMemoryCollection([new("Capture:Frames", value)]).Build());
}

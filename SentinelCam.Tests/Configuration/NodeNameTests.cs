using Microsoft.Extensions.Configuration;
using SentinelCam.Configuration;

namespace SentinelCam.Tests.Configuration;

public class NodeNameTests
{
    [Theory]
    [InlineData("Front-Door.example.org", "front-door")]
    [InlineData("KÜCHE_2", "k-che-2")]
    [InlineData("", "node")]
    public void Host_gives_a_name_that_fits_into_the_name_of_a_queue(string host, string name) =>
        Assert.Equal(name, NodeName.OfHost(host));

    [Theory]
    [InlineData("Front door")]
    [InlineData("front_door")]
    [InlineData("01234567890123456789012345678901234567890")]
    public void Name_that_does_not_fit_is_refused(string name)
    {
        var error = Assert.Throws<ConfigurationException>(() => Read(name));
        Assert.Contains("Node:Name", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Configured_name_counts() => Assert.Equal("lobby-2", Read(" lobby-2 ").Value);

    private static NodeName Read(string name) =>
        NodeName.Read(new ConfigurationBuilder().AddInMemoryCollection([new("Node:Name", name)]).Build());
}

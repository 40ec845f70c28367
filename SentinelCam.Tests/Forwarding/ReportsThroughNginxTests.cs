using Microsoft.Extensions.Configuration;
using SentinelCam.Alerts;
using SentinelCam.Forwarding;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Forwarding;

/// <summary>Reports through a real nginx in front of the central side.</summary>
public class ReportsThroughNginxTests(CentralSite central) : IClassFixture<CentralSite>
{
    [Theory]
    // What nginx does unless the guide's line is there
    [InlineData("", 2, ForwardResult.PicturesRefused)]
    [InlineData("", 0, ForwardResult.Accepted)]
    [InlineData("client_max_body_size 48m;", 47, ForwardResult.Accepted)]
    public async Task Proxy_passes_large_reports_with_the_line_of_the_guide(string line, int mebibytes, ForwardResult expected)
    {
        Assert.SkipUnless(Nginx.IsAvailable, "nginx is not installed");
        await using var nginx = await Nginx.StartAsync($"{line} location / {{ proxy_pass {central.App.Address}; }}");
        using var client = new ForwardClient(ForwardOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(
            [new("Forward:Url", $"{nginx.Address}"), new("Forward:Token", central.Token)]).Build()));
        var entry = central.Entry() with
        {
            Epoch = $"nginx{line.Length}",
            Picture = CentralSite.Picture(TestJpeg.Demo()),
            // As large as pictures can be, for a server that does not look into it
            PictureProblem = new string('x', mebibytes << 20),
        };

        var answer = await client.SendAsync(1 + mebibytes, entry, TestContext.Current.CancellationToken);

        Assert.Equal((expected, expected is ForwardResult.Accepted), (answer.Result, answer.IsKnown));
    }

    [Fact]
    public async Task Report_waits_while_the_central_side_behind_nginx_is_down()
    {
        Assert.SkipUnless(Nginx.IsAvailable, "nginx is not installed");
        using var closed = new ClosedPort();
        await using var nginx = await Nginx.StartAsync($"location / {{ proxy_pass http://127.0.0.1:{closed.Number}; }}");
        using var client = new ForwardClient(ForwardOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(
            [new("Forward:Url", $"{nginx.Address}"), new("Forward:Token", central.Token)]).Build()));

        var answer = await client.SendAsync(1, central.Entry(), TestContext.Current.CancellationToken);

        Assert.Equal((ForwardResult.TryAgain, false), (answer.Result, answer.IsKnown));
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using SentinelCam.Capture;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Capture;

public partial class HttpCameraTests
{
    private readonly LogRecord<CameraFeed> _log = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_snapshot_address_is_fetched_anew_for_each_frame()
    {
        var count = 0;
        await using var server = await CameraServer.StartAsync(context => SendJpegAsync(context, TestJpeg.Demo(1 + count++ % 6)));
        using var camera = new HttpCamera(server.Url("/snapshot.jpg"), TimeProvider.System);

        var frames = new List<Frame>();
        await foreach (var frame in camera.ReadAsync(Cancelled))
        {
            frames.Add(frame);
            if (frames.Count == 3)
                break;
        }

        Assert.Equal([TestJpeg.Demo(1), TestJpeg.Demo(2), TestJpeg.Demo(3)], frames.Select(frame => frame.Jpeg));
        Assert.All(frames, frame => Assert.Equal((640, 480), (frame.Width, frame.Height)));
    }

    [Fact]
    public async Task A_truncated_snapshot_is_a_bad_frame()
    {
        await using var server = await CameraServer.StartAsync(context => SendJpegAsync(context, TestJpeg.Demo()[..^200]));

        var result = await CaptureAsync(server.Url());

        Assert.Equal((CaptureOutcome.BadFrame, CameraFaults.Garbled.Sentence), (result.Outcome, result.Problem));
    }

    [Fact]
    public async Task A_picture_that_is_whole_but_cannot_be_decoded_is_a_bad_frame()
    {
        Assert.SkipUnless(OpenCvLibrary.Shared.Loads, "OpenCV's native library cannot be loaded (libgtk-3-0)");
        await using var server = await CameraServer.StartAsync(context => SendJpegAsync(context, TestJpeg.Tiny(1)));
        await using var feed = Feed(server.Url(), new CameraFeedLimits { Capture = TimeSpan.FromSeconds(1) });

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal((CaptureOutcome.BadFrame, null), (result.Outcome, result.Frame));
    }

    [Fact]
    public async Task A_snapshot_of_endless_size_is_a_bad_frame()
    {
        await using var server = await CameraServer.StartAsync(async context =>
        {
            context.Response.ContentType = "image/jpeg";
            await context.Response.Body.WriteAsync(TestJpeg.Demo().AsMemory()[..^2]);
            var more = new byte[1024 * 1024];
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(more);
        });

        Assert.Equal(CaptureOutcome.BadFrame, (await CaptureAsync(server.Url())).Outcome);
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_unreachable_within_seconds()
    {
        using var closed = new ClosedPort();

        var result = await CaptureAsync(new Uri($"http://me:hunter2@127.0.0.1:{closed.Number}/video?key=hunter2"));

        Assert.Equal((CaptureOutcome.Unreachable, CameraFaults.NoAnswer.Sentence), (result.Outcome, result.Problem));
        Assert.DoesNotContain(_log.Lines, line => line.Contains("hunter2", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(401, CaptureOutcome.Unreachable, "user name and password")]
    [InlineData(404, CaptureOutcome.Unreachable, "nothing at this address")]
    [InlineData(500, CaptureOutcome.Unreachable, "the error 500")]
    [InlineData(200, CaptureOutcome.BadFrame, "neither an MJPEG stream nor a JPEG")]
    public async Task A_refusal_or_a_web_page_is_named(int status, CaptureOutcome outcome, string says)
    {
        await using var server = await CameraServer.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "text/html; note=<script>";
            return context.Response.WriteAsync("<script>alert(1)</script>");
        });

        var result = await CaptureAsync(server.Url());

        Assert.Equal(outcome, result.Outcome);
        Assert.Contains(says, result.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("script", result.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Digest")]
    public async Task Credentials_in_the_address_open_the_camera_and_are_shown_nowhere(string scheme)
    {
        await using var server = await CameraServer.StartAsync(context =>
        {
            if (IsAuthorized(context.Request, scheme))
                return SendJpegAsync(context, TestJpeg.Demo());
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate =
                scheme == "Basic" ? "Basic realm=\"cam\"" : "Digest realm=\"cam\", nonce=\"abc\", qop=\"auth\", algorithm=MD5";
            return Task.CompletedTask;
        });
        await using var feed = Feed(server.Url("/snap?token=hunter2", "me:p%40ss%2Fhunter2"));

        var result = await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);

        Assert.Equal(CaptureOutcome.Taken, result.Outcome);
        Assert.Equal(server.Url("/snap").AbsoluteUri, feed.Status.Source);
        // The change of state is logged beside the capture, not before it
        await feed.StopAsync(Cancelled);
        Assert.Contains(_log.Lines, line => line.Contains("is live", StringComparison.Ordinal));
        Assert.DoesNotContain(_log.Lines, line => line.Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Credentials_do_not_follow_a_redirect_to_another_host()
    {
        await using var thief = await CameraServer.StartAsync(context => SendJpegAsync(context, TestJpeg.Demo()));
        await using var server = await CameraServer.StartAsync(context =>
        {
            context.Response.Redirect(thief.Url().AbsoluteUri);
            return Task.CompletedTask;
        });

        var result = await CaptureAsync(server.Url("/video", "me:hunter2"));

        Assert.Equal((CaptureOutcome.Unreachable, CameraFaults.Redirects.Sentence), (result.Outcome, result.Problem));
        Assert.Equal(0, thief.Requests);
    }

    [Fact]
    public async Task A_redirect_within_the_host_is_followed_but_not_for_ever()
    {
        await using var server = await CameraServer.StartAsync(context =>
        {
            if (context.Request.Path == "/end")
                return SendJpegAsync(context, TestJpeg.Demo());
            context.Response.Redirect(context.Request.Path == "/loop" ? "/loop" : "/end");
            return Task.CompletedTask;
        });

        Assert.Equal(CaptureOutcome.Taken, (await CaptureAsync(server.Url("/begin"))).Outcome);
        Assert.Equal(CaptureOutcome.Unreachable, (await CaptureAsync(server.Url("/loop"))).Outcome);
    }

    private static Task SendJpegAsync(HttpContext context, byte[] jpeg)
    {
        context.Response.ContentType = "image/jpeg";
        return context.Response.Body.WriteAsync(jpeg).AsTask();
    }

    /// <summary>Checks what a camera would: for Digest the response by RFC 7616.</summary>
    private static bool IsAuthorized(HttpRequest request, string scheme)
    {
        const string Password = "p@ss/hunter2";
        var header = request.Headers.Authorization.ToString();
        if (scheme == "Basic")
            return header == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{Password}"));
        var field = Field().Matches(header).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        return field.TryGetValue("response", out var response) && response == Hash(
            $"{Hash($"me:cam:{Password}")}:abc:{field["nc"]}:{field["cnonce"]}:{field["qop"]}:{Hash($"GET:{field["uri"]}")}");

#pragma warning disable CA5351 // what the protocol demands
        static string Hash(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351
    }

    [GeneratedRegex("""(\w+)="?([^",]+)"?""")]
    private static partial Regex Field();

    private CameraFeed Feed(Uri address, CameraFeedLimits? limits = null) =>
        new(new HttpCamera(address, TimeProvider.System), "gate", OpenCvLibrary.Shared, TimeProvider.System, _log, limits);

    private async Task<CaptureResult> CaptureAsync(Uri address)
    {
        await using var feed = Feed(address);
        return await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);
    }
}

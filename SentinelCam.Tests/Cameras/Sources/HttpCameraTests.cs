using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using SentinelCam.Cameras;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

public partial class HttpCameraTests
{
    private readonly LogRecord<CameraFeed> _log = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_snapshot_address_is_fetched_again_for_each_frame()
    {
        var count = 0;
        await using var server = await CameraServer.StartAsync(context => SendJpegAsync(context, TestJpeg.Demo(1 + count++ % 6)));

        Assert.Equal([TestJpeg.Demo(1), TestJpeg.Demo(2), TestJpeg.Demo(3)], await ReadAsync(server, 3));
    }

    [Theory]
    [InlineData("multipart/x-mixed-replace;boundary=--video boundary--")]
    [InlineData("multipart/x-mixed-replace; boundary=foo==")]
    [InlineData("multipart/x-mixed-replace; boundary=")]
    [InlineData("multipart/x-mixed-replace;")]
    [InlineData("Multipart/X-Mixed-Replace, boundary=x")]
    [InlineData("video/x-motion-jpeg")]
    [InlineData("application/octet-stream")]
    [InlineData(null)]
    public async Task A_stream_is_read_whatever_its_content_type(string? contentType)
    {
        await using var server = await CameraServer.StartAsync(async context =>
        {
            context.Response.Headers.ContentType = contentType;
            for (var number = 1; number <= 3; number++)
            {
                await context.Response.WriteAsync("--video boundary--\r\nContent-type: image/jpeg\r\n\r\n");
                await context.Response.Body.WriteAsync(TestJpeg.Demo(number));
            }
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });

        Assert.Equal([TestJpeg.Demo(1), TestJpeg.Demo(2), TestJpeg.Demo(3)], await ReadAsync(server, 3));
        Assert.Equal(1, server.Requests);
    }

    [Theory]
    [InlineData("image/jpeg;")]
    [InlineData("image/jpeg; charset=")]
    [InlineData("application/octet-stream")]
    [InlineData(null)]
    public async Task A_snapshot_is_read_whatever_its_content_type(string? contentType)
    {
        await using var server = await CameraServer.StartAsync(context =>
        {
            context.Response.Headers.ContentType = contentType;
            context.Response.ContentLength = TestJpeg.Demo().Length;
            return context.Response.Body.WriteAsync(TestJpeg.Demo()).AsTask();
        });

        Assert.Equal([TestJpeg.Demo(), TestJpeg.Demo()], await ReadAsync(server, 2));
        Assert.Equal(2, server.Requests);
    }

    [Fact]
    public async Task A_truncated_snapshot_is_a_bad_frame()
    {
        await using var server = await CameraServer.StartAsync(context => SendJpegAsync(context, TestJpeg.Demo()[..^200]));

        var fault = await Assert.ThrowsAsync<CameraException>(() => ReadAsync(server, 1));

        Assert.Equal(CameraFaults.Garbled, fault.Fault);
        Assert.Equal(10, server.Requests);
    }

    [Fact]
    public async Task An_occasional_truncated_snapshot_is_skipped()
    {
        var count = 0;
        await using var server = await CameraServer.StartAsync(
            context => SendJpegAsync(context, ++count % 3 == 0 ? TestJpeg.Demo() : TestJpeg.Demo()[..^200]));

        Assert.Equal(4, (await ReadAsync(server, 4)).Count);
        Assert.Equal(12, count);
    }

    [Fact]
    public async Task A_complete_picture_that_cannot_be_decoded_is_a_bad_frame()
    {
        Assert.SkipUnless(OpenCv.Library.Loads, OpenCv.NotLoaded);
        await using var server = await CameraServer.StartAsync(context => SendJpegAsync(context, TestJpeg.Tiny(1)));
        await using var feed = Feed(server.Url(), new CameraFeedLimits { CaptureTimeout = TimeSpan.FromSeconds(1) });

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
    public async Task A_closed_port_is_unreachable()
    {
        using var closed = new ClosedPort();

        var result = await CaptureAsync(new Uri($"http://me:hunter2@127.0.0.1:{closed.Number}/video?key=hunter2"));

        Assert.Equal((CaptureOutcome.Unreachable, CameraFaults.NoAnswer.Text), (result.Outcome, result.Problem));
        Assert.DoesNotContain(_log.Lines, line => line.Contains("hunter2", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(401, CaptureOutcome.Unreachable, "requires a user name and password. Add them to the camera's address")]
    [InlineData(404, CaptureOutcome.Unreachable, "nothing at this address")]
    [InlineData(500, CaptureOutcome.Unreachable, "HTTP error 500")]
    [InlineData(200, CaptureOutcome.BadFrame, "neither an MJPEG stream nor a JPEG")]
    public async Task A_refusal_or_a_web_page_is_reported_as_such(int status, CaptureOutcome outcome, string says)
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
    public async Task Credentials_in_the_address_are_used_and_never_shown(string scheme)
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
        // The change of state is logged concurrently with the capture
        await feed.StopAsync(Cancelled);
        Assert.Contains(_log.Lines, line => line.Contains("is live", StringComparison.Ordinal));
        Assert.DoesNotContain(_log.Lines, line => line.Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wrong_credentials_are_reported()
    {
        await using var server = await CameraServer.StartAsync(context =>
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"cam\"";
            return Task.CompletedTask;
        });

        var result = await CaptureAsync(server.Url("/", "me:hunter2"));

        Assert.Equal(CameraFaults.Refused(hasCredentials: true).Text, result.Problem);
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

        Assert.Equal((CaptureOutcome.Unreachable, CameraFaults.Redirects.Text), (result.Outcome, result.Problem));
        Assert.Equal(0, thief.Requests);
    }

    [Fact]
    public async Task A_redirect_within_the_host_is_followed_but_not_endlessly()
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

    /// <summary>Checks the credentials like a camera; for Digest, the response as in RFC 7616.</summary>
    private static bool IsAuthorized(HttpRequest request, string scheme)
    {
        const string Password = "p@ss/hunter2";
        var header = request.Headers.Authorization.ToString();
        if (scheme == "Basic")
            return header == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{Password}"));
        var field = Field().Matches(header).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        return field.TryGetValue("response", out var response) && response == Hash(
            $"{Hash($"me:cam:{Password}")}:abc:{field["nc"]}:{field["cnonce"]}:{field["qop"]}:{Hash($"GET:{field["uri"]}")}");

#pragma warning disable CA5351 // required by the protocol
        static string Hash(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351
    }

    [GeneratedRegex("""(\w+)="?([^",]+)"?""")]
    private static partial Regex Field();

    private static async Task<List<byte[]>> ReadAsync(CameraServer server, int count)
    {
        var camera = new HttpCamera(server.Url(), TimeProvider.System);
        var frames = new List<byte[]>();
        await foreach (var frame in camera.ReadAsync(Cancelled))
        {
            Assert.Equal((640, 480), (frame.Width, frame.Height));
            frames.Add(frame.Jpeg);
            if (frames.Count == count)
                break;
        }
        return frames;
    }

    private CameraFeed Feed(Uri address, CameraFeedLimits? limits = null) =>
        new(new HttpCamera(address, TimeProvider.System), "gate", OpenCv.Library, TimeProvider.System, _log, limits);

    private async Task<CaptureResult> CaptureAsync(Uri address)
    {
        await using var feed = Feed(address);
        return await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled);
    }
}

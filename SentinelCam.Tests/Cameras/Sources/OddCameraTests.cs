using System.Globalization;
using System.IO.Compression;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using SentinelCam.Cameras;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

/// <summary>Answers of real cameras that no standard allows and every browser shows.</summary>
public partial class OddCameraTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";
    private static readonly byte[] Jpeg = TestJpeg.Demo();

    private readonly LogRecord<CameraFeed> _log = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n: no name\r\nContent-Type: image/jpeg\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent Type : image/jpeg\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type : image/jpeg\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n folded\r\nX\0Y: \u0001\r\n\r\n")]
    [InlineData("\r\nHTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n")]
    [InlineData("\r\n\n\r\nHTTP/1.0 200 OK\nContent-Type: image/jpeg\n\n")]
    [InlineData("HTTP/1.1 200 OK\r\r\nContent-Type: image/jpeg\r\r\n\r\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n")]
    [InlineData("HTTP/1.1 200\r\n\r\n")]
    [InlineData("HTTP/1.1  200  OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200OK\r\n\r\n")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("ICY 200 OK\r\n\r\n")]
    [InlineData("")]
    public async Task A_head_that_browsers_forgive_is_read(string head)
    {
        await using var camera = RawCamera.Start(isLeftOpen: false, head, Jpeg);

        Assert.Equal([Jpeg, Jpeg], await ReadAsync(camera.Url(), 2));
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("RTSP/1.0 400 Bad Request\r\n\r\n")]
    [InlineData("hello\r\n\r\n")]
    [InlineData("HTTP/1.1 OK\r\n\r\n")]
    public async Task An_answer_that_is_not_HTTP_is_not_called_silence(string answer)
    {
        await using var camera = RawCamera.Start(isLeftOpen: false, answer);
        await using var feed = Feed(camera.Url());

        Assert.Equal(CameraFaults.NotUnderstood.Text, (await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled)).Problem);
    }

    [Theory]
    [InlineData("Content-Length: 999999", false)]
    [InlineData("Content-Length: 999999", true)]
    [InlineData("Content-Length: 100", false)]
    [InlineData("Content-Length: 100", true)]
    [InlineData("Content-Length: 0", false)]
    [InlineData("Content-Length: many", true)]
    [InlineData("Content-Length: 5\r\nContent-Length: 6", true)]
    [InlineData("X: no length", true)]
    [InlineData("Transfer-Encoding: chunked", true)]
    [InlineData("Transfer-Encoding: chunked", false)]
    public async Task A_picture_ends_at_its_end_marker_whatever_the_head_says(string field, bool isLeftOpen)
    {
        foreach (var type in new[] { "Content-Type: image/jpeg\r\n", "Content-Type: application/octet-stream\r\n", "" })
        {
            await using var camera = RawCamera.Start(isLeftOpen, $"{Ok}{type}{field}\r\n\r\n", Jpeg);

            Assert.Equal([Jpeg, Jpeg], await ReadAsync(camera.Url(), 2));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    [InlineData("\r\n0\r\n")]
    [InlineData("\r\nzzz")]
    public async Task The_last_chunk_may_be_missing_or_damaged(string end)
    {
        foreach (var isLeftOpen in new[] { false, true })
        {
            var (half, rest) = (Jpeg[..5000], Jpeg[5000..]);
            await using var camera = RawCamera.Start(
                isLeftOpen, $"{Ok}Content-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n", Size(half), half, "\r\n",
                Size(rest), rest, end);

            Assert.Equal([Jpeg, Jpeg], await ReadAsync(camera.Url(), 2));
        }

        static string Size(byte[] chunk) => chunk.Length.ToString("X", CultureInfo.InvariantCulture) + ";name=value\r\n";
    }

    [Fact]
    public async Task A_picture_may_start_twice()
    {
        await using var camera = RawCamera.Start(
            isLeftOpen: false, $"{Ok}Content-Type: image/jpeg\r\n\r\n", new byte[] { 0xFF, 0xD8 }, Jpeg);

        Assert.Equal([Jpeg, Jpeg], await ReadAsync(camera.Url(), 2));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("text/html; charset=utf-8")]
    [InlineData("binary/octet-stream")]
    [InlineData("image/png")]
    [InlineData("multipart/form-data")]
    [InlineData("nonsense")]
    public async Task The_first_bytes_are_believed_and_not_the_content_type(string type)
    {
        var head = $"{Ok}Content-Type: {type}\r\n\r\n";
        await using var snapshot = RawCamera.Start(isLeftOpen: false, head, Jpeg);
        await using var blank = RawCamera.Start(isLeftOpen: true, head, "\r\n\n", Jpeg);
        await using var parts = RawCamera.Start(
            isLeftOpen: true, head, "--frame\r\nContent-Type: image/jpeg\r\n\r\n", Jpeg, "\r\n--frame\r\n\r\n", Jpeg);
        await using var bare = RawCamera.Start(isLeftOpen: true, head, Jpeg, Jpeg, Jpeg);

        Assert.Equal([Jpeg, Jpeg], await ReadAsync(snapshot.Url(), 2));
        Assert.Equal([Jpeg, Jpeg], await ReadAsync(blank.Url(), 2));
        Assert.Equal([Jpeg, Jpeg], await ReadAsync(parts.Url(), 2));
        Assert.Equal([Jpeg, Jpeg, Jpeg], await ReadAsync(bare.Url(), 3));
        Assert.Equal((1, 1), (parts.Requests.Count, bare.Requests.Count));
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("gzip", null)]
    [InlineData("deflate", "deflate")]
    [InlineData("br", "br")]
    [InlineData("none", "gzip")]
    public async Task Compression_that_nobody_asked_for_is_undone(string used, string? said)
    {
        var packed = new MemoryStream();
        await using (Stream packing = used switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            _ => new BufferedStream(packed),
        })
        {
            await packing.WriteAsync(Jpeg, Cancelled);
            await packing.FlushAsync(Cancelled);
        }
        var encoding = said is null ? "" : $"Content-Encoding: {said}\r\n";
        await using var camera = RawCamera.Start(
            isLeftOpen: false, $"{Ok}Content-Type: image/jpeg\r\n{encoding}\r\n", packed.ToArray());

        Assert.Equal([Jpeg, Jpeg], await ReadAsync(camera.Url(), 2));
    }

    [Theory]
    [InlineData("/snap")]
    [InlineData("/stream")]
    public async Task Pictures_that_are_too_large_are_not_blamed_on_the_cable(string path)
    {
        // 9,000 x 7,300 pixels
        byte[] large = [.. Jpeg];
        var header = large.AsSpan().IndexOf(new byte[] { 0xFF, 0xC0 });
        (large[header + 5], large[header + 6], large[header + 7], large[header + 8]) = (0x1C, 0x84, 0x23, 0x28);
        var type = path == "/snap" ? "image/jpeg" : "multipart/x-mixed-replace; boundary=a";
        await using var camera = RawCamera.Start(isLeftOpen: false, $"{Ok}Content-Type: {type}\r\n\r\n", large);
        await using var feed = Feed(camera.Url());

        Assert.Equal(CameraFaults.TooLarge.Text, (await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled)).Problem);
    }

    [Fact]
    public async Task A_request_names_the_program_and_what_it_accepts()
    {
        await using var camera = RawCamera.Start((head, stream, stop) =>
            head.Contains("\nUser-Agent: ", StringComparison.Ordinal) && head.Contains("\nAccept: ", StringComparison.Ordinal)
                ? WriteAsync(stream, $"{Ok}\r\n", Jpeg, stop)
                : WriteAsync(stream, "HTTP/1.1 403 Forbidden\r\n\r\n", [], stop));

        Assert.Equal([Jpeg], await ReadAsync(camera.Url(), 1));
    }

    [Fact]
    public async Task A_forbidden_address_is_not_called_a_missing_password()
    {
        await using var camera = RawCamera.Start(isLeftOpen: false, "HTTP/1.1 403 Forbidden\r\n\r\n");
        await using var feed = Feed(camera.Url());

        Assert.Equal(CameraFaults.Forbidden.Text, (await feed.CaptureAsync(DateTimeOffset.UtcNow, Cancelled)).Problem);
    }

    [Theory]
    [InlineData("")]
    [InlineData("WWW-Authenticate:\r\n")]
    [InlineData("WWW-Authenticate: Basic\r\n")]
    [InlineData("WWW-Authenticate: Nonsense realm=x\r\n")]
    [InlineData("WWW-Authenticate: Digest realm=\"x\", algorithm=UNKNOWN, nonce=\"1\"\r\nWWW-Authenticate: Basic realm=x\r\n")]
    public async Task Basic_is_tried_if_a_camera_does_not_say_what_it_wants(string challenge)
    {
        var basic = "Authorization: Basic " + Convert.ToBase64String("me:p@ss"u8);
        await using var camera = RawCamera.Start((head, stream, stop) => head.Contains(basic, StringComparison.Ordinal)
            ? WriteAsync(stream, $"{Ok}\r\n", Jpeg, stop)
            : WriteAsync(stream, $"HTTP/1.1 401 Unauthorized\r\n{challenge}\r\n", [], stop));

        Assert.Equal([Jpeg, Jpeg], await ReadAsync(camera.Url("me:p%40ss"), 2));
        // The second picture is fetched with the password at once
        Assert.Equal(3, camera.Requests.Count);
    }

    [Theory]
    [InlineData("""Digest realm="cam", nonce="abc", qop="auth", algorithm=MD5""")]
    [InlineData("""Digest realm="cam", nonce="abc", qop=auth""")]
    [InlineData("""Digest realm="cam",nonce="abc",qop=auth,algorithm="MD5",opaque=xyz""")]
    [InlineData("""digest Realm = "cam" , Nonce = "abc" , QOP = "auth,auth-int" """)]
    [InlineData("""Digest realm=cam, nonce=abc""")]
    [InlineData("""Digest realm="c\a\m", nonce="abc", qop="auth" """)]
    [InlineData("""Digest realm="cam", nonce="abc", algorithm=SHA-512-256, Digest realm="cam", nonce="abc" """)]
    [InlineData("""Digest realm="cam", nonce="abc", qop="auth", algorithm=SHA-256""")]
    [InlineData("""Basic realm="other", Digest realm="cam", nonce="abc", qop="auth" """)]
    [InlineData("""Digest realm="cam", nonce="abc", qop="auth", Basic realm="other" """)]
    public async Task Digest_is_read_leniently(string challenge)
    {
        await using var camera = RawCamera.Start((head, stream, stop) => IsDigest(head, challenge)
            ? WriteAsync(stream, $"{Ok}\r\n", Jpeg, stop)
            : WriteAsync(stream, $"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\n\r\n", [], stop));

        Assert.Equal([Jpeg, Jpeg], await ReadAsync(camera.Url("me:secret"), 2));
        Assert.Equal(3, camera.Requests.Count);
        Assert.DoesNotContain(camera.Requests, head => head.Contains("Basic", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("%25")]
    [InlineData("%")]
    public async Task An_IPv6_address_may_have_a_zone(string mark)
    {
        // Without its zone, such an address cannot be connected to
        var (own, network) = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(network => network.GetIPProperties().UnicastAddresses.Select(own => (own.Address, network.Name)))
            .FirstOrDefault(pair => pair.Address.IsIPv6LinkLocal);
        Assert.SkipWhen(own is null, "this machine has no link-local address");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere zones are numbers");
        await using var camera = RawCamera.Start((_, stream, stop) => WriteAsync(stream, $"{Ok}\r\n", Jpeg, stop), own);
        var host = own!.ToString().Split('%')[0];

        Assert.Equal([Jpeg], await ReadAsync(new Uri($"http://me:x@[{host}{mark}{network}]:{camera.Port}/snap"), 1));
        Assert.Contains($"\nHost: [{host}]:{camera.Port}\n", camera.Requests.Single(), StringComparison.Ordinal);
    }

    private static async Task WriteAsync(Stream stream, string head, byte[] body, CancellationToken stop)
    {
        await stream.WriteAsync(Encoding.Latin1.GetBytes(head), stop);
        await stream.WriteAsync(body, stop);
    }

    private static bool IsDigest(string head, string challenge)
    {
        var line = head.Split('\n').FirstOrDefault(line => line.StartsWith("Authorization: Digest ", StringComparison.Ordinal));
        if (line is null)
            return false;
        var field = Field().Matches(line).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        var (secret, request) = (Hash("me:cam:secret"), Hash("GET:/snap"));
        var expected = challenge.Contains("qop", StringComparison.OrdinalIgnoreCase)
            ? Hash($"{secret}:abc:{field["nc"]}:{field["cnonce"]}:{field["qop"]}:{request}")
            : Hash($"{secret}:abc:{request}");
        return field["response"] == expected;

#pragma warning disable CA5351 // required by the protocol
        string Hash(string text) => Convert.ToHexStringLower(challenge.Contains("SHA-256", StringComparison.Ordinal)
            ? SHA256.HashData(Encoding.UTF8.GetBytes(text))
            : MD5.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351
    }

    [GeneratedRegex("""(\w+)="?([^",]+)"?""")]
    private static partial Regex Field();

    private static async Task<List<byte[]>> ReadAsync(Uri address, int count)
    {
        var frames = new List<byte[]>();
        await foreach (var frame in new HttpCamera(address, TimeProvider.System).ReadAsync(Cancelled))
        {
            frames.Add(frame.Jpeg);
            if (frames.Count == count)
                break;
        }
        return frames;
    }

    private CameraFeed Feed(Uri address) =>
        new(new HttpCamera(address, TimeProvider.System), "gate", OpenCv.Library, TimeProvider.System, _log);
}

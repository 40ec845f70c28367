using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SentinelCam.Tests.Support;

/// <summary>An RTSP camera with a password. The real ffmpeg program makes the packets, sent over RTSP's own connection.</summary>
public sealed class RtspServer : IAsyncDisposable
{
    private readonly Process _ffmpeg;
    private readonly UdpClient _packets;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly string _userInfo;
    private Task _serving = Task.CompletedTask;
    private int _viewers;
    private int _refused;

    private RtspServer(string userInfo)
    {
        _userInfo = userInfo;
        _packets = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Start();
        var port = ((IPEndPoint)_packets.Client.LocalEndPoint!).Port;
        _ffmpeg = FfmpegProgram.Start(
            "-re", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset",
                "ultrafast",
            "-tune", "zerolatency", "-g", "10", "-f", "rtp",
            string.Create(CultureInfo.InvariantCulture, $"rtp://127.0.0.1:{port}?pkt_size=1200"));
    }

    /// <summary>Its address, with a user name and password.</summary>
    public Uri Url(string userInfo) =>
        new(string.Create(
            CultureInfo.InvariantCulture, $"rtsp://{userInfo}@127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/stream"));

    /// <summary>How many connections are open.</summary>
    public int Viewers => Volatile.Read(ref _viewers);

    /// <summary>How often the password was wrong or missing.</summary>
    public int Refused => Volatile.Read(ref _refused);

    public static RtspServer Start(string userInfo)
    {
        var server = new RtspServer(userInfo);
        server._serving = Task.Run(server.AcceptAsync);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        if (!_ffmpeg.HasExited)
            _ffmpeg.Kill();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ffmpeg.Dispose();
        _packets.Dispose();
        _stop.Dispose();
    }

    /// <summary>One viewer at a time.</summary>
    private async Task AcceptAsync()
    {
        while (true)
        {
            using var viewer = await _listener.AcceptTcpClientAsync(_stop.Token);
            Interlocked.Increment(ref _viewers);
            await ServeAsync(viewer.GetStream()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Interlocked.Decrement(ref _viewers);
        }
    }

    private async Task ServeAsync(NetworkStream connection)
    {
        using var reader = new StreamReader(connection, Encoding.ASCII, leaveOpen: true);
        while (await ReadRequestAsync(reader) is { } request)
        {
            await connection.WriteAsync(Encoding.ASCII.GetBytes(Answer(request)), _stop.Token);
            if (request.StartsWith("PLAY", StringComparison.Ordinal))
            {
                await PlayAsync(connection);
                return;
            }
        }
    }

    private async Task PlayAsync(NetworkStream connection)
    {
        while (true)
        {
            var packet = (await _packets.ReceiveAsync(_stop.Token)).Buffer;
            // RFC 2326, 10.12: a dollar sign, the channel, the length, the packet
            byte[] framed = [(byte)'$', 0, (byte)(packet.Length >> 8), (byte)packet.Length, .. packet];
            await connection.WriteAsync(framed, _stop.Token);
        }
    }

    private async Task<string?> ReadRequestAsync(StreamReader reader)
    {
        var request = new StringBuilder();
        while (await reader.ReadLineAsync(_stop.Token) is { } line)
        {
            if (line.Length == 0)
                return request.ToString();
            request.Append(line).Append('\n');
        }
        return null;
    }

    private string Answer(string request)
    {
        var sequence = request.Split('\n').First(line => line.StartsWith("CSeq:", StringComparison.OrdinalIgnoreCase));
        var method = request[..request.IndexOf(' ', StringComparison.Ordinal)];
        var basic = "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes(_userInfo));
        if (method != "OPTIONS" && !request.Contains(basic, StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _refused);
            return $"RTSP/1.0 401 Unauthorized\r\n{sequence}\r\nWWW-Authenticate: Basic realm=\"cam\"\r\n\r\n";
        }
        const string Sdp = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=cam\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
                           + "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track0\r\n";
        return method switch
        {
            "DESCRIBE" =>
                $"RTSP/1.0 200 OK\r\n{sequence}\r\nContent-Type: application/sdp\r\nContent-Length: {Sdp.Length}\r\n\r\n{Sdp}",
            "SETUP" => $"RTSP/1.0 200 OK\r\n{sequence}\r\nSession: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n",
            _ => $"RTSP/1.0 200 OK\r\n{sequence}\r\nSession: 1\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n",
        };
    }
}

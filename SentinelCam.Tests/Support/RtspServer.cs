using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SentinelCam.Tests.Support;

/// <summary>
/// An RTSP camera with a password. The real ffmpeg program makes the packets, sent over RTSP's own connection or over UDP only.
/// </summary>
public sealed class RtspServer : IAsyncDisposable
{
    private readonly Process _ffmpeg;
    private readonly UdpClient _packets;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly string _userInfo;
    private Task _serving = Task.CompletedTask;
    private int _viewers;
    private readonly bool _isUdpOnly;
    private readonly string? _refusal;
    private readonly TimeSpan _answersAfter;
    private readonly int _maxPictures;
    private int _refused;
    private int _pictures;
    private int _refusedTransports;
    private int _udpRequests;
    private int _descriptions;
    private IPEndPoint? _viewerPort;

    private RtspServer(string userInfo, int rate, bool isUdpOnly, string? refusal, int maxPictures, TimeSpan answersAfter)
    {
        (_isUdpOnly, _refusal, _maxPictures, _answersAfter) = (isUdpOnly, refusal, maxPictures, answersAfter);
        _userInfo = userInfo;
        _packets = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Start();
        var port = ((IPEndPoint)_packets.Client.LocalEndPoint!).Port;
        _ffmpeg = FfmpegProgram.Start(
            "-re", "-f", "lavfi", "-i", string.Create(CultureInfo.InvariantCulture, $"testsrc2=size=320x240:rate={rate}"),
            "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset",
                "ultrafast",
            "-tune", "zerolatency", "-g", rate < 10 ? "1" : "10", "-f", "rtp",
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

    /// <summary>How often it was asked to send over RTSP's own connection and does not.</summary>
    public int RefusedTransports => Volatile.Read(ref _refusedTransports);

    /// <summary>How often it was asked to send over UDP.</summary>
    public int UdpRequests => Volatile.Read(ref _udpRequests);

    /// <summary>How often it described its stream.</summary>
    public int Descriptions => Volatile.Read(ref _descriptions);

    /// <summary>How many pictures have been sent to viewers.</summary>
    public int Pictures => Volatile.Read(ref _pictures);

    /// <summary>Added to the time of each packet, in units of 1/90000 second. May wrap around.</summary>
    public uint TimeOffset { get; set; }

    /// <param name="userInfo">User name and password.</param>
    /// <param name="rate">Pictures per second.</param>
    /// <param name="isUdpOnly">Whether it sends no pictures over RTSP's own connection.</param>
    /// <param name="refusal">How it refuses that. Null: it agrees, and sends none.</param>
    /// <param name="maxPictures">After how many pictures it falls silent.</param>
    /// <param name="answersAfter">How long it takes to describe its stream.</param>
    public static RtspServer Start(
        string userInfo, int rate = 25, bool isUdpOnly = false, string? refusal = "461 Unsupported Transport",
        int maxPictures = int.MaxValue, TimeSpan answersAfter = default)
    {
        var server = new RtspServer(userInfo, rate, isUdpOnly, refusal, maxPictures, answersAfter);
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
            var answer = Answer(request);
            if (answer.Contains("application/sdp", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _descriptions);
                await Task.Delay(_answersAfter, _stop.Token);
            }

            await connection.WriteAsync(Encoding.ASCII.GetBytes(answer), _stop.Token);
            if (request.StartsWith("PLAY", StringComparison.Ordinal))
            {
                using var gone = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                var reading = Task.Run(async () =>
                {
                    while (await ReadRequestAsync(reader) is not null)
                        continue;
                }, CancellationToken.None).ContinueWith(_ => gone.CancelAsync(), TaskScheduler.Default).Unwrap();
                await PlayAsync(connection, gone.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                connection.Close();
                await reading;
                return;
            }
        }
    }

    private async Task PlayAsync(NetworkStream connection, CancellationToken gone)
    {
        // Pictures from before this viewer
        while (_packets.Available > 0)
            await _packets.ReceiveAsync(gone);
        while (Pictures < _maxPictures && (!_isUdpOnly || _viewerPort is not null))
        {
            var packet = (await _packets.ReceiveAsync(gone)).Buffer;
            // RFC 3550, 5.1: the marker bit ends a picture; the time is in bytes 4 to 7
            if ((packet[1] & 0x80) != 0)
                Interlocked.Increment(ref _pictures);
            var time = BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(4));
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), unchecked(time + TimeOffset));
            // RFC 2326, 10.12: a dollar sign, the channel, the length, the packet
            byte[] framed = [(byte)'$', 0, (byte)(packet.Length >> 8), (byte)packet.Length, .. packet];
            if (_viewerPort is { } port)
                await _packets.SendAsync(packet, port, gone);
            else
                await connection.WriteAsync(framed, gone);
        }
        await Task.Delay(Timeout.Infinite, gone);
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
            "SETUP" when _isUdpOnly => SetUpUdp(sequence, request),
            "SETUP" => SetUpTcp(sequence, request),
            _ => $"RTSP/1.0 200 OK\r\n{sequence}\r\nSession: 1\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n",
        };
    }

    private string SetUpTcp(string sequence, string request)
    {
        if (request.Contains("client_port=", StringComparison.Ordinal))
            Interlocked.Increment(ref _udpRequests);
        return $"RTSP/1.0 200 OK\r\n{sequence}\r\nSession: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n";
    }

    private string SetUpUdp(string sequence, string request)
    {
        const string Ports = "client_port=";
        var at = request.IndexOf(Ports, StringComparison.Ordinal);
        if (at < 0)
        {
            Interlocked.Increment(ref _refusedTransports);
            return _refusal is null ? SetUpTcp(sequence, request) : $"RTSP/1.0 {_refusal}\r\n{sequence}\r\n\r\n";
        }
        var ports = request[(at + Ports.Length)..].Split('\n', ';')[0];
        _viewerPort = new IPEndPoint(IPAddress.Loopback, int.Parse(ports.Split('-')[0], CultureInfo.InvariantCulture));
        var own = ((IPEndPoint)_packets.Client.LocalEndPoint!).Port;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"RTSP/1.0 200 OK\r\n{sequence}\r\nSession: 1\r\n"
            + $"Transport: RTP/AVP;unicast;client_port={ports};server_port={own}-{own + 1}\r\n\r\n");
    }
}

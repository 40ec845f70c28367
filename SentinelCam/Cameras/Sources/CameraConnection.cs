using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace SentinelCam.Cameras;

/// <summary>One HTTP request to a camera, on a connection of its own, and the response.</summary>
/// <remarks>
/// <c>HttpClient</c> was rejected: it discards the whole response for a header line without a name, a blank line before the
/// status line, or a missing last chunk, which browsers forgive and some cameras send.
/// </remarks>
internal sealed class CameraConnection : IDisposable
{
    private const int MaxHead = 32 * 1024;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly TcpClient _client = new() { NoDelay = true };
    private Stream _stream = Stream.Null;

    private CameraConnection()
    {
    }

    /// <summary>The response. Its body is read from this connection.</summary>
    public CameraResponse Response { get; private set; } = null!;

    /// <summary>
    /// The host of an address, with the zone of an IPv6 address. In addresses that is written behind %25 (RFC 6874) or only %.
    /// </summary>
    public static string HostOf(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.HostNameType == UriHostNameType.IPv6 ? Uri.UnescapeDataString(address.DnsSafeHost) : address.IdnHost;
    }

    /// <summary>Sends a GET request and reads the head of the response.</summary>
    /// <param name="host">The name or IP address to connect to, see <see cref="HostOf"/>.</param>
    /// <param name="address">What to ask for. Its credentials are not sent.</param>
    /// <param name="authorization">The value of the header with the credentials, or null.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CameraException">The camera cannot be reached, or its answer is not HTTP.</exception>
    public static async Task<CameraConnection> GetAsync(
        string host, Uri address, string? authorization, TimeProvider time, CancellationToken cancellationToken)
    {
        var connection = new CameraConnection();
        try
        {
            await connection.OpenAsync(host, address, time, cancellationToken);
            await connection._stream.WriteAsync(Encoding.UTF8.GetBytes(Request(address, authorization)), cancellationToken);
            connection.Response = await connection.ReadHeadAsync(cancellationToken);
            return connection;
        }
        catch (Exception e)
        {
            connection.Dispose();
            throw e is IOException or SocketException ? new CameraException(CameraFaults.NoAnswer) : e;
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        _client.Dispose();
    }

    /// <summary>Some cameras refuse a request without a program's name, or one that does not look like a browser's.</summary>
    private static string Request(Uri address, string? authorization)
    {
        // The zone of an IPv6 address means nothing to the camera (RFC 6874, 1)
        var host = address.HostNameType == UriHostNameType.IPv6 ? $"[{WithoutZone(address.DnsSafeHost)}]" : address.IdnHost;
        return $"GET {address.PathAndQuery} HTTP/1.1\r\n"
            + $"Host: {host}{(address.IsDefaultPort ? "" : FormattableString.Invariant($":{address.Port}"))}\r\n"
            + "User-Agent: Mozilla/5.0 (compatible; SentinelCam)\r\n"
            + "Accept: */*\r\nAccept-Encoding: identity\r\nCache-Control: no-cache\r\n"
            + (authorization is null ? "" : $"Authorization: {authorization}\r\n")
            + "Connection: close\r\n\r\n";
    }

    private static string WithoutZone(string host) => host.Split('%')[0];

    private async Task OpenAsync(string host, Uri address, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            if (IPAddress.TryParse(host, out var numeric))
                await _client.ConnectAsync(numeric, address.Port, either.Token);
            else
                await _client.ConnectAsync(host, address.Port, either.Token);
            _stream = _client.GetStream();
            if (address.Scheme == Uri.UriSchemeHttps)
                await SecureAsync(address, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CameraException(CameraFaults.NoAnswer);
        }
        catch (SocketException e) when (
            e.SocketErrorCode is SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData)
        {
            throw new CameraException(CameraFaults.UnknownHost);
        }
    }

    private async Task SecureAsync(Uri address, CancellationToken cancellationToken)
    {
        var untrusted = false;
        var secured = new SslStream(_stream, leaveInnerStreamOpen: false);
        _stream = secured;
        try
        {
            await secured.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = address.IdnHost,
                    RemoteCertificateValidationCallback = (_, _, _, errors) => !(untrusted = errors != SslPolicyErrors.None),
                },
                cancellationToken);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            throw new CameraException(untrusted ? CameraFaults.Untrusted : CameraFaults.NoTls);
        }
    }

    /// <summary>Reads up to the end of the header, and whatever has arrived of the body with it.</summary>
    private async Task<CameraResponse> ReadHeadAsync(CancellationToken cancellationToken)
    {
        var bytes = new byte[MaxHead];
        var count = 0;
        while (true)
        {
            if (CameraResponse.TryRead(bytes.AsMemory(0, count), _stream) is { } response)
                return response;
            if (count == MaxHead)
                throw new CameraException(CameraFaults.NotUnderstood);
            var read = await _stream.ReadAsync(bytes.AsMemory(count), cancellationToken);
            if (read == 0)
                throw new CameraException(count == 0 ? CameraFaults.NoAnswer : CameraFaults.NotUnderstood);
            count += read;
        }
    }
}

using System.Net;
using System.Runtime.CompilerServices;
using SentinelCam.Cameras.Frames;
using SentinelCam.Data;

namespace SentinelCam.Cameras.Sources;

/// <summary>A camera on the network: an MJPEG stream, or a snapshot address that is fetched anew for each frame.</summary>
/// <remarks>
/// The response's Content-Type decides which, read leniently: cameras write it in ways that the standard does not know. The
/// camera's JPEG bytes are kept as they are.
/// </remarks>
internal sealed class HttpCamera : ICamera, IDisposable
{
    private const int MaxRedirects = 3;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    private readonly Uri _address;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;
    private readonly bool _hasCredentials;

    /// <param name="address">May carry a user name and password, which are used for Basic and Digest and shown nowhere.</param>
    /// <param name="time">The clock.</param>
    public HttpCamera(Uri address, TimeProvider time)
    {
        Source = RedactedSource.Of(address);
        _address = new UriBuilder(address) { UserName = "", Password = "", Fragment = "" }.Uri;
        _time = time;
        _hasCredentials = address.UserInfo.Length > 0;
        // No proxy: a camera's address is its own, and a proxy would see its pictures
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = ConnectTimeout,
            Credentials = ReadCredentials(address),
            PreAuthenticate = true,
            UseCookies = false,
            UseProxy = false,
            MaxResponseHeadersLength = 32, // KiB
            MaxResponseDrainSize = 64 * 1024,
        })
        {
            // The feed bounds opening and silence; a stream may last for days
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public string Source { get; }

    public CameraFault? Check() => null;

    public void Dispose() => _client.Dispose();

    public async IAsyncEnumerable<Frame> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var rejectedInARow = 0;
        while (true)
        {
            using (var response = await GetAsync(cancellationToken))
            {
                if (IsStream(response.Content))
                {
                    await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
                    var reader = new MjpegReader(stream, _time);
                    while (await reader.ReadAsync(cancellationToken) is { } frame)
                        yield return frame;
                    throw new CameraException(reader.EndFault);
                }
                if (await ReadSnapshotAsync(response.Content, cancellationToken) is { } snapshot)
                {
                    rejectedInARow = 0;
                    yield return snapshot;
                }
                else if (++rejectedInARow >= MjpegReader.MaxRejected)
                {
                    throw new CameraException(CameraFaults.Garbled);
                }
            }
            await Task.Delay(PollInterval, _time, cancellationToken);
        }
    }

    private static CredentialCache? ReadCredentials(Uri address)
    {
        if (address.UserInfo.Length == 0)
            return null;
        var parts = address.UserInfo.Split(':', 2);
        var credential = new NetworkCredential(Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? ""));
        var origin = new Uri(address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped));
        return new CredentialCache { { origin, "Basic", credential }, { origin, "Digest", credential } };
    }

    /// <summary>Whether the answer is a stream; one that names neither a stream nor a JPEG is a fault.</summary>
    private static bool IsStream(HttpContent content) => MediaType(content) switch
    {
        "MULTIPART/X-MIXED-REPLACE" or "MULTIPART/MIXED" => true,
        "VIDEO/X-MOTION-JPEG" or "VIDEO/MJPEG" or "VIDEO/X-MJPEG" or "VIDEO/X-JPEG" or "IMAGE/MJPEG" or "IMAGE/X-MOTION-JPEG" => true,
        "IMAGE/JPEG" or "IMAGE/JPG" or "IMAGE/PJPEG" => false,
        // It does not say, but a stream does not know its length
        "" or "APPLICATION/OCTET-STREAM" => content.Headers.ContentLength is null,
        _ => throw new CameraException(CameraFaults.NoPictures),
    };

    /// <summary>The type as the camera wrote it, in capitals: .NET takes a header as a whole or not at all, and many a boundary is not as it should be.</summary>
    private static string MediaType(HttpContent content) =>
        content.Headers.NonValidated.TryGetValues("Content-Type", out var values)
            ? values.First().Split(';', ',')[0].Trim().ToUpperInvariant()
            : "";

    private async Task<HttpResponseMessage> GetAsync(CancellationToken cancellationToken)
    {
        var address = _address;
        for (var redirects = 0; ; redirects++)
        {
            var response = await SendAsync(address, cancellationToken);
            if (response.IsSuccessStatusCode)
                return response;
            using (response)
            {
                // Within one origin only: the credentials and the frames of this camera belong to it alone
                if ((int)response.StatusCode is >= 300 and < 400 && redirects < MaxRedirects
                    && response.Headers.Location is { } location
                    && Uri.Compare(new Uri(address, location), address, UriComponents.SchemeAndServer, UriFormat.UriEscaped,
                        StringComparison.OrdinalIgnoreCase) == 0)
                {
                    address = new Uri(address, location);
                    continue;
                }
                throw new CameraException(FaultOf(response.StatusCode));
            }
        }
    }

    private async Task<HttpResponseMessage> SendAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw new CameraException(e.HttpRequestError switch
            {
                HttpRequestError.NameResolutionError => CameraFaults.UnknownHost,
                HttpRequestError.SecureConnectionError => CameraFaults.Untrusted,
                _ => CameraFaults.NoAnswer,
            });
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time to connect is over
            throw new CameraException(CameraFaults.NoAnswer);
        }
    }

    private CameraFault FaultOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => CameraFaults.Refused(_hasCredentials),
        HttpStatusCode.NotFound or HttpStatusCode.Gone => CameraFaults.NotFound,
        >= (HttpStatusCode)300 and < (HttpStatusCode)400 => CameraFaults.Redirects,
        _ => new CameraFault(CaptureOutcome.Unreachable, $"The camera answers with the error {(int)status}", "See its manual, or switch it off and on again"),
    };

    /// <summary>The picture, or null when it is cut off or damaged.</summary>
    /// <exception cref="CameraException">It is larger than any picture.</exception>
    private async Task<Frame?> ReadSnapshotAsync(HttpContent content, CancellationToken cancellationToken)
    {
        var takenAt = _time.GetUtcNow();
        var body = await ReadBodyAsync(content, cancellationToken);
        if (!JpegParser.TryParse(body, out var parsed))
            // Ten that are as large as may be would take longer than a capture
            return body.Length < JpegParser.MaxBytes ? null : throw new CameraException(CameraFaults.Garbled);
        var jpeg = parsed.Length == body.Length ? body : body[..parsed.Length];
        return new Frame(jpeg, parsed.Width, parsed.Height, takenAt, FrameQuality.Unchecked);
    }

    /// <summary>Reads up to the cap; what is longer or breaks off comes back as it is, to be found no whole JPEG.</summary>
    private static async Task<byte[]> ReadBodyAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        using var body = new MemoryStream();
        var chunk = new byte[64 * 1024];
        try
        {
            while (body.Length < JpegParser.MaxBytes && await stream.ReadAsync(chunk, cancellationToken) is > 0 and var read)
                body.Write(chunk, 0, read);
        }
        catch (IOException)
        {
            return [];
        }
        return body.ToArray();
    }
}

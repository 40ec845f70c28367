using System.Net;
using System.Runtime.CompilerServices;
using SentinelCam.Data;

namespace SentinelCam.Cameras;

/// <summary>A network camera: an MJPEG stream, or a snapshot address that is fetched again for each frame.</summary>
/// <remarks>
/// The response's Content-Type decides which of the two it is. It is parsed leniently, because many cameras do not follow the
/// standard. The camera's JPEG bytes are kept unchanged.
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

    /// <param name="address">
    /// May contain a user name and password. They are used for Basic and Digest and are never shown.
    /// </param>
    /// <param name="time">The clock.</param>
    public HttpCamera(Uri address, TimeProvider time)
    {
        Source = RedactedSource.Of(address);
        _address = new UriBuilder(address) { UserName = "", Password = "", Fragment = "" }.Uri;
        _time = time;
        _hasCredentials = address.UserInfo.Length > 0;
        // No proxy, which would see the camera's pictures
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
            // The feed limits opening and silence; a stream may last for days
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
        var credential = new NetworkCredential(
            Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? ""));
        var origin = new Uri(address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped));
        return new CredentialCache { { origin, "Basic", credential }, { origin, "Digest", credential } };
    }

    /// <summary>Whether the response is a stream or a JPEG.</summary>
    /// <exception cref="CameraException">It is neither.</exception>
    private static bool IsStream(HttpContent content) => MediaType(content) switch
    {
        "MULTIPART/X-MIXED-REPLACE" or "MULTIPART/MIXED" => true,
        "VIDEO/X-MOTION-JPEG" or "VIDEO/MJPEG" or "VIDEO/X-MJPEG" or "VIDEO/X-JPEG"
            or "IMAGE/MJPEG" or "IMAGE/X-MOTION-JPEG" => true,
        "IMAGE/JPEG" or "IMAGE/JPG" or "IMAGE/PJPEG" => false,
        // The type is unspecific, but a stream has no length
        "" or "APPLICATION/OCTET-STREAM" => content.Headers.ContentLength is null,
        _ => throw new CameraException(CameraFaults.NoPictures),
    };

    /// <summary>
    /// The type as the camera wrote it, in capitals. Parsed here because .NET rejects the whole header if its boundary is
    /// malformed, as many cameras' are.
    /// </summary>
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
                // Only within one origin, so that credentials go to no other host and frames come from no other camera
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
            // The connect timeout has expired
            throw new CameraException(CameraFaults.NoAnswer);
        }
    }

    private CameraFault FaultOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => CameraFaults.Refused(_hasCredentials),
        HttpStatusCode.NotFound or HttpStatusCode.Gone => CameraFaults.NotFound,
        >= (HttpStatusCode)300 and < (HttpStatusCode)400 => CameraFaults.Redirects,
        _ => new CameraFault(
            CaptureOutcome.Unreachable, $"The camera returned HTTP error {(int)status}",
            "See its manual, or turn it off and on again"),
    };

    /// <summary>The picture, or null if it is incomplete or damaged.</summary>
    /// <exception cref="CameraException">It exceeds the largest size of a picture.</exception>
    private async Task<Frame?> ReadSnapshotAsync(HttpContent content, CancellationToken cancellationToken)
    {
        var takenAt = _time.GetUtcNow();
        var body = await ReadBodyAsync(content, cancellationToken);
        if (!JpegParser.TryParse(body, out var parsed))
            // Rejected at once: reading ten such pictures would take longer than a capture
            return body.Length < JpegParser.MaxBytes ? null : throw new CameraException(CameraFaults.Garbled);
        var jpeg = parsed.Length == body.Length ? body : body[..parsed.Length];
        return new Frame(jpeg, parsed.Width, parsed.Height, takenAt, FrameQuality.Unchecked);
    }

    /// <summary>
    /// Reads the body up to the size limit. Empty if the connection breaks; the caller rejects what is not a whole JPEG.
    /// </summary>
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

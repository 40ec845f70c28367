using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using SentinelCam.Alerts;

namespace SentinelCam.Forwarding;

/// <summary>What the central SentinelCam answered.</summary>
public enum ForwardResult
{
    Accepted,

    /// <summary>It was not reached, or can take no reports right now.</summary>
    TryAgain,

    /// <summary>
    /// The report did not get through, for example because its upload took too long, though smaller requests are answered.
    /// </summary>
    UploadFailed,

    /// <summary>It does not accept the token.</summary>
    TokenRefused,

    /// <summary>It does not accept this report, such as one for another owner.</summary>
    Refused,

    /// <summary>It does not accept the pictures, or not so many.</summary>
    PicturesRefused,
}

/// <summary>The outcome of one try.</summary>
/// <param name="Result">What was answered.</param>
/// <param name="Reply">The same in one line, for administrators.</param>
/// <param name="RetryAfter">When to try again at the earliest, if the answer says so.</param>
/// <param name="IsKnown">Whether the central side has a version of the entry, and so tells the owner.</param>
public sealed record ForwardAnswer(
    ForwardResult Result, string Reply, TimeSpan? RetryAfter = null, bool IsKnown = false)
{
    /// <summary>Whether the central side has refused the device or the report.</summary>
    public bool IsRefusal => Result is ForwardResult.TokenRefused or ForwardResult.Refused or ForwardResult.PicturesRefused;
}

/// <summary>The connection to the central SentinelCam.</summary>
public sealed class ForwardClient : IDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    /// <summary>The longest try. A slow connection sends a megabyte in ten seconds.</summary>
    public static readonly TimeSpan LongestTry = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(10);

    private readonly ForwardOptions _options;
    private readonly HttpClient _http;

    public ForwardClient(ForwardOptions options)
        : this(options, LongestTry)
    {
    }

    internal ForwardClient(ForwardOptions options, TimeSpan longestTry)
    {
        _options = options;
        _http = new HttpClient(new SocketsHttpHandler
        {
            // A redirect would give the token to somebody else's server
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = ConnectLimit,
            // The address may move
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ActivityHeadersPropagator = null,
        })
        {
            Timeout = longestTry,
        };
    }

    /// <summary>The central side's host, for people; null if this SentinelCam reports to nobody.</summary>
    public string? Host => _options.Url?.Authority;

    /// <summary>Sends a report. Every error is an outcome.</summary>
    /// <param name="entryId">The entry's id on this device.</param>
    /// <param name="entry">The report.</param>
    /// <param name="cancellationToken">Ends the try.</param>
    public async Task<ForwardAnswer> SendAsync(long entryId, ReportedEntry entry, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var path = string.Create(CultureInfo.InvariantCulture, $"/api/devices/entries/{entryId}?epoch={entry.Epoch}");
        var json = JsonSerializer.SerializeToUtf8Bytes(entry, ReportedEntry.Json);
        if (json.Length > ReportedEntry.MaxBytes)
            return new(ForwardResult.PicturesRefused, "The pictures are too large to be reported.");
        var answer = await PutAsync(path, json, cancellationToken);
        if (answer.Result is ForwardResult.UploadFailed
            && (entry.Picture is null || !await IsAnsweringAsync(cancellationToken)))
        {
            return answer with { Result = ForwardResult.TryAgain };
        }

        return answer;
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    /// <summary>
    /// Whether the central side answers a small request. Otherwise an upload has failed because of an outage, not its size.
    /// </summary>
    private async Task<bool> IsAnsweringAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        // No report, so it is refused
        var answer = await PutAsync("/api/devices/entries/0", "{}"u8.ToArray(), limit.Token);
        return answer.Result is not (ForwardResult.TryAgain or ForwardResult.UploadFailed);
    }

    /// <returns>The answer. What may be because of the size is a failed upload.</returns>
    private async Task<ForwardAnswer> PutAsync(string path, byte[] json, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(_options.Url!, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _options.Token);
        request.Headers.UserAgent.ParseAdd("SentinelCam");
        var upload = new Upload(json);
        request.Content = upload;
        // A refusal of the token or the size comes before the body is sent. Otherwise it would break the connection
        request.Headers.ExpectContinue = true;
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            // The body does not matter, and may be endless
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return AnswerOf(answer);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new(ForwardResult.TryAgain, "SentinelCam stopped before an answer came.");
        }
        catch (OperationCanceledException)
        {
            return new(upload.HasBegun ? ForwardResult.UploadFailed : ForwardResult.TryAgain, $"{Host} did not answer in time.");
        }
        catch (HttpRequestException error) when (error.HttpRequestError
            is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError)
        {
            return new(ForwardResult.TryAgain, error.HttpRequestError is HttpRequestError.SecureConnectionError
                ? $"The certificate of {Host} is not valid, or it does not speak TLS."
                : $"{Host} cannot be reached.");
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            // What was sent completely may have arrived, and its answer was lost
            return new(upload is { HasBegun: true, IsSent: false } ? ForwardResult.UploadFailed : ForwardResult.TryAgain,
                $"{Host} broke the connection before it answered.");
        }
    }

    private ForwardAnswer AnswerOf(HttpResponseMessage answer)
    {
        // Any other server may answer 200, such as one that says that it is being maintained
        var isKnown = answer.Headers.Contains(ReportedEntry.VersionHeader);
        var wait = answer.Headers.RetryAfter?.Delta;
        if (wait > MaxRetryAfter)
            wait = MaxRetryAfter;
        var (result, reply) = answer.StatusCode switch
        {
            HttpStatusCode.OK or HttpStatusCode.Created when isKnown => (ForwardResult.Accepted, "Accepted"),
            HttpStatusCode.OK or HttpStatusCode.Created =>
                (ForwardResult.Refused, $"{Host} answered, but not as a central SentinelCam does."),
            HttpStatusCode.Unauthorized => (ForwardResult.TokenRefused,
                $"{Host} does not accept this device's token: it was revoked, or is wrong."),
            HttpStatusCode.Forbidden => (ForwardResult.Refused, $"{Host} does not let this device report for this owner."),
            HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity =>
                (ForwardResult.PicturesRefused, $"{Host} does not accept the picture."),
            // Of all reports, and not for long
            HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable => (ForwardResult.TryAgain, Status()),
            // Of all reports, or of a large one at a proxy
            HttpStatusCode.RequestTimeout or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout =>
                (ForwardResult.UploadFailed, Status()),
            _ => (ForwardResult.Refused, Status()),
        };
        return new(result, reply, wait, isKnown);

        string Status() =>
            string.Create(CultureInfo.InvariantCulture, $"{Host} answered with status {(int)answer.StatusCode}.");
    }

    /// <summary>A body that knows how far it has got.</summary>
    private sealed class Upload(byte[] json) : HttpContent
    {
        public bool HasBegun { get; private set; }

        public bool IsSent { get; private set; }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            HasBegun = true;
            await stream.WriteAsync(json, cancellationToken);
            IsSent = true;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = json.Length;
            return true;
        }
    }
}

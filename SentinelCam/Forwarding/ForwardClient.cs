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

    /// <summary>It was not reached, or could not take the report right now.</summary>
    TryAgain,

    /// <summary>The report was sent, but no answer came.</summary>
    Unknown,

    /// <summary>It does not accept the token.</summary>
    TokenRefused,

    /// <summary>It does not let this device report for the owner.</summary>
    OwnerRefused,

    /// <summary>It does not accept the pictures, or not so many.</summary>
    PicturesRefused,
}

/// <summary>The outcome of one try.</summary>
/// <param name="Result">What was answered.</param>
/// <param name="Reply">The same in one line, for administrators.</param>
/// <param name="RetryAfter">When to try again at the earliest, if the answer says so.</param>
public sealed record ForwardAnswer(ForwardResult Result, string Reply, TimeSpan? RetryAfter = null);

/// <summary>The connection to the central SentinelCam.</summary>
public sealed class ForwardClient : IDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    /// <summary>The longest try. A slow connection sends a megabyte in ten seconds.</summary>
    public static readonly TimeSpan LongestTry = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(10);

    private readonly ForwardOptions _options;
    private readonly HttpClient _http;

    public ForwardClient(ForwardOptions options)
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
            Timeout = LongestTry,
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
        var path = string.Create(CultureInfo.InvariantCulture, $"/api/devices/entries/{entryId}");
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(_options.Url!, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _options.Token);
        request.Headers.UserAgent.ParseAdd("SentinelCam");
        var json = JsonSerializer.SerializeToUtf8Bytes(entry, ReportedEntry.Json);
        if (json.Length > ReportedEntry.MaxBytes)
            return new(ForwardResult.PicturesRefused, "The pictures are too large to be reported.");
        var body = new Body(json);
        request.Content = body;
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
            return new(Unanswered(body), "SentinelCam stopped before an answer came.");
        }
        catch (OperationCanceledException)
        {
            return new(Unanswered(body), $"{Host} did not answer in time.");
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
            return new(Unanswered(body), $"{Host} broke the connection before it answered.");
        }
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private static ForwardResult Unanswered(Body body) => body.IsSent ? ForwardResult.Unknown : ForwardResult.TryAgain;

    private ForwardAnswer AnswerOf(HttpResponseMessage answer)
    {
        var wait = answer.Headers.RetryAfter?.Delta;
        if (wait > MaxRetryAfter)
            wait = MaxRetryAfter;
        return answer.StatusCode switch
        {
            HttpStatusCode.OK or HttpStatusCode.Created => new(ForwardResult.Accepted, "Accepted"),
            HttpStatusCode.Unauthorized => new(ForwardResult.TokenRefused,
                $"{Host} does not accept this device's token: it was revoked, or is wrong."),
            HttpStatusCode.Forbidden =>
                new(ForwardResult.OwnerRefused, $"{Host} does not let this device report for this owner."),
            HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity =>
                new(ForwardResult.PicturesRefused, $"{Host} does not accept the picture."),
            _ => new(ForwardResult.TryAgain, string.Create(CultureInfo.InvariantCulture,
                $"{Host} answered with status {(int)answer.StatusCode}."), wait),
        };
    }

    /// <summary>A body that knows whether any of it was sent. Otherwise the report cannot have arrived.</summary>
    private sealed class Body(byte[] bytes) : HttpContent
    {
        public bool IsSent { get; private set; }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            IsSent = true;
            return stream.WriteAsync(bytes).AsTask();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = bytes.Length;
            return true;
        }
    }
}

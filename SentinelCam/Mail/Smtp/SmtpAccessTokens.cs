using System.Data.Common;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SentinelCam.Data;

namespace SentinelCam.Mail;

/// <summary>
/// Gets access tokens with the refresh token (RFC 6749, section 6) and caches each one until shortly before it expires.
/// </summary>
/// <param name="options">The application, its refresh token and the token endpoint.</param>
/// <param name="time">The clock that decides when a token expires.</param>
/// <param name="values">Keeps the refresh tokens that replace the configured one.</param>
public sealed class SmtpAccessTokens(SmtpOAuth options, TimeProvider time, ISharedValues values) : IDisposable
{
    /// <summary>
    /// How long before its expiry a token is renewed, so that an inaccurate clock or a slow mail does not use an expired one.
    /// </summary>
    public static readonly TimeSpan RenewalMargin = TimeSpan.FromMinutes(5);

    private const string NewestName = "SmtpRefreshToken";
    private const int MaxAnswerBytes = 64 << 10;
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromHours(1);

    // Renewing early does no harm
    private static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(1);

    // A redirect would send the client secret to another server
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = TimeSpan.FromSeconds(20),
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };

    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly string _configured = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(options.RefreshToken)));
    private string? _token;

    /// <summary>A refresh token that could not be stored yet.</summary>
    private string? _unstored;
    private DateTimeOffset _renewAt;

    /// <summary>A valid access token.</summary>
    /// <exception cref="SmtpTokenException">The endpoint issued no token.</exception>
    public async Task<string> GetAsync(CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            if (_token is null || time.GetUtcNow() >= _renewAt)
                await RenewAsync(cancellationToken);
            return _token!;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Discards the cached token after the mail server rejected it, so that the next call requests a new one.</summary>
    public void Forget() => _token = null;

    /// <inheritdoc />
    public void Dispose()
    {
        _http.Dispose();
        _oneAtATime.Dispose();
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        _token = null;
        try
        {
            var stored = await values.FindAsync(NewestName);
            using var form = new FormUrlEncodedContent(
            [
                new("grant_type", "refresh_token"),
                new("client_id", options.ClientId),
                new("client_secret", options.ClientSecret),
                new("refresh_token", _unstored ?? NewestIn(stored) ?? options.RefreshToken),
            ]);
            using var response = await _http.PostAsync(options.TokenEndpoint, form, cancellationToken);
            using var answer = Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            if (!response.IsSuccessStatusCode)
                throw Refused(response.StatusCode, answer);
            var token = Text(answer, "access_token");
            if (string.IsNullOrEmpty(token) || token.Any(c => c is <= ' ' or > '~'))
                throw new SmtpTokenException("the response contains no access token", isRefusal: false);
            var lifetime = LifetimeOf(answer);
            _renewAt = time.GetUtcNow() + lifetime - (lifetime > 2 * RenewalMargin ? RenewalMargin : lifetime / 2);
            _token = token;
            // Microsoft issues a new refresh token each time, which expires later than the old one
            if (Text(answer, "refresh_token") is { Length: > 0 } next)
                _unstored = next;
            await StoreAsync(stored);
        }
        catch (Exception error) when (error is HttpRequestException or JsonException or InvalidOperationException or DbException
            || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            var problem = error is OperationCanceledException ? "no answer within 20 seconds" : error.Message;
            throw new SmtpTokenException(problem, isRefusal: false);
        }
    }

    /// <summary>Stores the refresh token, unless another node has stored a newer one meanwhile.</summary>
    private async Task StoreAsync(string? before)
    {
        if (_unstored is not { } next)
            return;
        try
        {
            await values.ChangeAsync(NewestName, stored => stored == before ? $"{_configured} {next}" : stored);
            _unstored = null;
        }
        catch (DbException)
        {
            // With the next renewal, which uses it; the access token is good until then
        }
    }

    /// <returns>The newest refresh token; null if none has replaced the configured one, or another is configured now.</returns>
    private string? NewestIn(string? stored) =>
        stored?.Split(' ', 2) is [var configured, var token] && configured == _configured ? token : null;

    private static JsonDocument Parse(ReadOnlyMemory<byte> answer) =>
        JsonDocument.Parse(answer.Span.StartsWith("\uFEFF"u8) ? answer[3..] : answer);

    private static SmtpTokenException Refused(HttpStatusCode status, JsonDocument answer)
    {
        var problem = $"{(int)status} {Text(answer, "error")} {Text(answer, "error_description")}".Trim();
        return new SmtpTokenException(problem, isRefusal: (int)status is >= 400 and < 500);
    }

    // RFC 6749 only recommends expires_in, and some endpoints send it as text or with a fraction
    private static TimeSpan LifetimeOf(JsonDocument answer)
    {
        if (answer.RootElement.ValueKind is not JsonValueKind.Object
            || !answer.RootElement.TryGetProperty("expires_in", out var value))
        {
            return DefaultLifetime;
        }

        var text = value.ValueKind is JsonValueKind.String ? value.GetString() : value.GetRawText();
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds > 0
            ? TimeSpan.FromSeconds(Math.Clamp(seconds, 1, MaxLifetime.TotalSeconds))
            : DefaultLifetime;
    }

    private static string? Text(JsonDocument answer, string name) =>
        answer.RootElement.ValueKind is JsonValueKind.Object
        && answer.RootElement.TryGetProperty(name, out var value)
        && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}

/// <summary>No access token could be obtained.</summary>
/// <param name="problem">The endpoint's error, or what went wrong; never a secret.</param>
/// <param name="isRefusal">
/// Whether the endpoint refused the request, and will refuse it again until an administrator changes something.
/// </param>
public sealed class SmtpTokenException(string problem, bool isRefusal) : IOException("No access token: " + problem)
{
    public bool IsRefusal { get; } = isRefusal;
}

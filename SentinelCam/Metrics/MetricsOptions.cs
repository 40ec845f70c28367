using SentinelCam.Configuration;

namespace SentinelCam.Metrics;

/// <summary>Who gets the metrics.</summary>
/// <param name="Token"><c>Metrics:Token</c>: with it, <c>/metrics</c> can be read from anywhere; null if there is none.</param>
/// <param name="Otlp">
/// <c>Metrics:Otlp</c>: the collector that metrics and traces are sent to, over HTTP; null if there is none.
/// </param>
/// <param name="IsOtlpInEnvironment">Whether OpenTelemetry's own variables name a collector.</param>
public sealed record MetricsOptions(string? Token, Uri? Otlp, bool IsOtlpInEnvironment)
{
    private const string TokenKey = "Metrics:Token", OtlpKey = "Metrics:Otlp";

    private const int MinTokenLength = 16;

    /// <summary>Whether metrics and traces are sent anywhere.</summary>
    public bool HasCollector => Otlp is not null || IsOtlpInEnvironment;

    /// <exception cref="ConfigurationException">A value is invalid.</exception>
    public static MetricsOptions Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var token = configuration[TokenKey]?.Trim();
        if (token is { Length: > 0 and < MinTokenLength })
            throw new ConfigurationException(TokenKey, "(hidden)", $"at least {MinTokenLength} characters.");
        Uri? otlp = null;
        if (configuration[OtlpKey]?.Trim() is { Length: > 0 } text
            && !(Uri.TryCreate(text, UriKind.Absolute, out otlp) && otlp.Scheme is "http" or "https" && otlp.UserInfo == ""))
        {
            throw new ConfigurationException(
                OtlpKey, text.Contains('@', StringComparison.Ordinal) ? "(hidden)" : text,
                "the http:// or https:// address of a collector, such as http://localhost:4318.");
        }

        return new(
            string.IsNullOrEmpty(token) ? null : token, otlp,
            !string.IsNullOrWhiteSpace(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]));
    }
}

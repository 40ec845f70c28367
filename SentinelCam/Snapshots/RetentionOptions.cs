using SentinelCam.Configuration;

namespace SentinelCam.Snapshots;

/// <summary>How long snapshots are kept, and how much space they may use.</summary>
/// <param name="MaxAge"><c>Retention:MaxAge</c>.</param>
/// <param name="MaxBytes"><c>Retention:MaxBytes</c>: the limit for all pictures together.</param>
public sealed record RetentionOptions(TimeSpan MaxAge, long MaxBytes)
{
    /// <summary>The share of <see cref="MaxBytes"/> that pinned pictures may use. The rest is reserved for new ones.</summary>
    public long MaxPinnedBytes => MaxBytes / 2;

    public static RetentionOptions Read(IConfiguration configuration) => new(
        Setting.Duration(
            configuration, "Retention:MaxAge", TimeSpan.FromDays(90), TimeSpan.FromHours(1), TimeSpan.FromDays(36500)),
        Setting.Bytes(configuration, "Retention:MaxBytes", 2L << 30, 1 << 20));
}

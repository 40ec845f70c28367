using SentinelCam.Configuration;

namespace SentinelCam.Snapshots;

/// <summary>How long snapshots live.</summary>
/// <param name="MaxAge"><c>Retention:MaxAge</c>.</param>
/// <param name="MaxBytes"><c>Retention:MaxBytes</c>: for all pictures together.</param>
public sealed record RetentionOptions(TimeSpan MaxAge, long MaxBytes)
{
    /// <summary>What pinned pictures may take of <see cref="MaxBytes"/>: the rest is for new ones, whatever is pinned.</summary>
    public long MaxPinnedBytes => MaxBytes / 2;

    public static RetentionOptions Read(IConfiguration configuration) => new(
        Setting.Duration(configuration, "Retention:MaxAge", TimeSpan.FromDays(90), TimeSpan.FromHours(1), TimeSpan.FromDays(36500)),
        Setting.Bytes(configuration, "Retention:MaxBytes", 2L << 30, 1 << 20));
}

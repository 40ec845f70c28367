using SentinelCam.Configuration;

namespace SentinelCam.Snapshots;

/// <summary>How long snapshots and records are kept, and how much space they may use.</summary>
/// <param name="MaxAge"><c>Retention:MaxAge</c>: the age limit of pictures.</param>
/// <param name="MaxBytes"><c>Retention:MaxBytes</c>: the limit for all pictures together.</param>
/// <param name="MaxRecordAge">
/// <c>Retention:Records</c>: the age limit of attempts, entries without pictures, mails and alerts.
/// </param>
/// <param name="MaxRecords"><c>Retention:MaxRecords</c>: the limit for the rows of each of these kinds.</param>
public sealed record RetentionOptions(TimeSpan MaxAge, long MaxBytes, TimeSpan MaxRecordAge, int MaxRecords)
{
    /// <summary>The share of <see cref="MaxBytes"/> that pinned pictures may use. The rest is reserved for new ones.</summary>
    public long MaxPinnedBytes => MaxBytes / 2;

    /// <summary>
    /// The share of <see cref="MaxBytes"/> for what one device has reported. Beyond it, its own pictures go before those of
    /// others.
    /// </summary>
    public long MaxDeviceBytes => MaxBytes / 4;

    public static RetentionOptions Read(IConfiguration configuration) => new(
        Setting.Duration(
            configuration, "Retention:MaxAge", TimeSpan.FromDays(90), TimeSpan.FromHours(1), TimeSpan.FromDays(36500)),
        Setting.Bytes(configuration, "Retention:MaxBytes", 2L << 30, 1 << 20),
        Setting.Duration(
            configuration, "Retention:Records", TimeSpan.FromDays(730), TimeSpan.FromDays(1), TimeSpan.FromDays(36500)),
        Setting.Whole(configuration, "Retention:MaxRecords", 250_000, 1_000, 100_000_000));
}

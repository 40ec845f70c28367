using SentinelCam.Configuration;

namespace SentinelCam.Alerts;

/// <summary>How attempts are grouped into alerts.</summary>
/// <param name="QuietPeriod"><c>Alerts:QuietPeriod</c>: attempts no further apart than this share an alert; zero gives each its own.</param>
public sealed record AlertOptions(TimeSpan QuietPeriod)
{
    /// <summary>An alert is summed up after this time even if attempts go on.</summary>
    public TimeSpan LongestBurst { get; } = QuietPeriod > TimeSpan.FromHours(1) ? QuietPeriod : TimeSpan.FromHours(1);

    public static AlertOptions Read(IConfiguration configuration) =>
        new(Setting.Duration(configuration, "Alerts:QuietPeriod", TimeSpan.FromMinutes(5), TimeSpan.Zero, TimeSpan.FromDays(1)));
}

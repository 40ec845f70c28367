using SentinelCam.Configuration;

namespace SentinelCam.Alerts;

/// <summary>How attempts are grouped into alerts, and how much one alert may cost.</summary>
/// <param name="QuietPeriod"><c>Alerts:QuietPeriod</c>: attempts no further apart than this share an alert; zero gives each its own. An owner may wish another.</param>
public sealed record AlertOptions(TimeSpan QuietPeriod)
{
    /// <summary>The most pictures for one alert.</summary>
    public const int MaxCaptures = 100;

    /// <summary>The time between two pictures for one alert, at least.</summary>
    public static readonly TimeSpan CaptureSpacing = TimeSpan.FromSeconds(1);

    /// <summary>Alerts without an owner are kept apart by network up to this many an hour. The rest share one, which is mailed as a summary only.</summary>
    public const int MaxOwnerlessPerHour = 10;

    /// <summary>A successful sign-in after this many failures within <see cref="FailuresWithin"/> is mailed at once.</summary>
    public const int FailuresBeforeSuccess = 3;

    /// <summary>Successes after failures that are mailed in an hour, at most; more are only recorded.</summary>
    public const int MaxSuccessesPerHour = 10;

    public static readonly TimeSpan FailuresWithin = TimeSpan.FromHours(1);

    /// <summary>An alert with this quiet period is summed up after this time even if attempts go on.</summary>
    public static TimeSpan LongestBurst(TimeSpan quietPeriod) => quietPeriod > TimeSpan.FromHours(1) ? quietPeriod : TimeSpan.FromHours(1);

    public static AlertOptions Read(IConfiguration configuration) =>
        new(Setting.Duration(configuration, "Alerts:QuietPeriod", TimeSpan.FromMinutes(5), TimeSpan.Zero, TimeSpan.FromDays(1)));
}

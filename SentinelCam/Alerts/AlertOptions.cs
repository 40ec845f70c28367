using SentinelCam.Configuration;

namespace SentinelCam.Alerts;

/// <summary>How attempts are grouped into alerts, and how much one alert may cost.</summary>
/// <param name="QuietPeriod">
/// <c>Alerts:QuietPeriod</c>: attempts no further apart than this share an alert; zero gives each its own. Owners can change it.
/// </param>
public sealed record AlertOptions(TimeSpan QuietPeriod)
{
    /// <summary>The maximum number of pictures for one alert.</summary>
    public const int MaxCaptures = 100;

    /// <summary>The minimum time between two pictures for one alert.</summary>
    public static readonly TimeSpan CaptureSpacing = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The maximum number of alerts per hour without an owner, one for each network. Further networks share one alert, which is
    /// mailed only as a summary.
    /// </summary>
    public const int MaxOwnerlessPerHour = 10;

    /// <summary>The least quiet period of that shared alert, which bounds how many of them there are.</summary>
    public static readonly TimeSpan LeastSharedQuiet = TimeSpan.FromMinutes(5);

    /// <summary>A successful sign-in after this many failures within <see cref="FailuresWithin"/> is mailed at once.</summary>
    public const int FailuresBeforeSuccess = 3;

    /// <summary>
    /// The maximum number of successes after failures mailed per hour, of sign-ins from new browsers, and of wrong codes after
    /// the right password. Further ones are only recorded.
    /// </summary>
    public const int MaxUrgentPerHour = 10;

    public static readonly TimeSpan FailuresWithin = TimeSpan.FromHours(1);

    /// <summary>The time after which an alert closes even if attempts continue.</summary>
    public static TimeSpan LongestBurst(TimeSpan quietPeriod) =>
        quietPeriod > TimeSpan.FromHours(1) ? quietPeriod : TimeSpan.FromHours(1);

    public static AlertOptions Read(IConfiguration configuration) =>
        new(Setting.Duration(configuration, "Alerts:QuietPeriod", TimeSpan.FromMinutes(5), TimeSpan.Zero, TimeSpan.FromDays(1)));
}

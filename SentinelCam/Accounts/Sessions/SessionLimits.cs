using SentinelCam.Configuration;

namespace SentinelCam.Accounts;

/// <summary>How long a session lasts.</summary>
/// <param name="Idle">Without a request that a person made: <c>Session:Idle</c>.</param>
/// <param name="Absolute">At most, since the sign-in: <c>Session:Absolute</c>.</param>
public sealed record SessionLimits(TimeSpan Idle, TimeSpan Absolute)
{
    private const string AbsoluteKey = "Session:Absolute";

    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(5);

    /// <exception cref="ConfigurationException">A limit is out of range, or the absolute one is shorter.</exception>
    public static SessionLimits Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var limits = new SessionLimits(
            Setting.Duration(configuration, "Session:Idle", TimeSpan.FromHours(12), Shortest, TimeSpan.FromDays(30)),
            Setting.Duration(configuration, AbsoluteKey, TimeSpan.FromDays(7), Shortest, TimeSpan.FromDays(365)));
        return limits.Absolute >= limits.Idle
            ? limits
            : throw new ConfigurationException(
                AbsoluteKey, configuration[AbsoluteKey] ?? "7.00:00:00", "a duration that is not shorter than Session:Idle.");
    }
}

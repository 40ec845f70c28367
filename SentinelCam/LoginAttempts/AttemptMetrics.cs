using System.Diagnostics.Metrics;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.LoginAttempts;

/// <summary>Counts recorded attempts.</summary>
public sealed class AttemptMetrics(IMeterFactory meters)
{
    private readonly Counter<long> _attempts = meters.SentinelCamMeter().CreateCounter<long>(
        "sentinelcam.login_attempts", "{attempt}", "Recorded attempts to sign in, by where they came from and how they ended");

    public void Recorded(LoginAttempt attempt)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        _attempts.Add(1, new("source", attempt.Origin.Label()), new("outcome", attempt.Outcome.Label()));
    }
}

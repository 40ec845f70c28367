using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>Which attempts count together: failures before a success, and the successes after them.</summary>
internal static class SameAttempts
{
    /// <summary>Attempts with which nobody got in.</summary>
    public static IQueryable<LoginAttempt> Failures(this IQueryable<LoginAttempt> attempts) =>
        attempts.Where(a => !LoginOutcomes.Successes.Contains(a.Outcome));

    /// <summary>Attempts with which somebody got in.</summary>
    public static IQueryable<LoginAttempt> Successes(this IQueryable<LoginAttempt> attempts) =>
        attempts.Where(a => LoginOutcomes.Successes.Contains(a.Outcome));

    /// <summary>
    /// Attempts with the owner and origin of another one, on the same device, and for log-ins to a device with its user.
    /// Tests are no attempts.
    /// </summary>
    public static IQueryable<LoginAttempt> OfTheSame(this IQueryable<LoginAttempt> attempts, LoginAttempt one)
    {
        var own = attempts.Where(a => a.OwnerId == one.OwnerId && a.Origin == one.Origin && a.Outcome != LoginOutcome.Test
            && a.ReportedBy == one.ReportedBy);
        // An owner signs in with one name, but can have several users of the device. The constant lets SQLite use an index
        return one.Origin is AttemptOrigin.WebPage
            ? own
            : own.Where(a => a.Origin != AttemptOrigin.WebPage && a.AccountTyped == one.AccountTyped);
    }
}

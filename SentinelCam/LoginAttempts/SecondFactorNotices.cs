using System.Globalization;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.LoginAttempts;

/// <summary>Tells an owner what happens to the second factor, and records it, within the caller's transaction.</summary>
public sealed class SecondFactorNotices(
    SentinelCamDbContext db, SecondFactors factors, AlertNotices notices, ActivityLog activity)
{
    /// <summary>Adds the mail and the line. The caller saves.</summary>
    public Task AddAsync(Account account, ActivityKind kind, string line, ActivityActor? by = null)
    {
        ArgumentNullException.ThrowIfNull(account);
        activity.Add(account.Id, kind, by: by);
        return notices.AddAsync(account, [line], always: true);
    }

    /// <summary>Adds and saves them for a recovery code that has signed somebody in.</summary>
    public async Task AddRecoveryCodeUsedAsync(Account account, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(visitor);
        var left = await factors.CountRecoveryCodesAsync(account.Id);
        activity.Add(account.Id, ActivityKind.RecoveryCodeUsed, left.ToString(CultureInfo.InvariantCulture), ActivityActor.Owner);
        await notices.AddAsync(
            account,
            [string.Create(CultureInfo.InvariantCulture,
                $"Someone signed in with the password and a recovery code, from {RemotePlace.Describe(visitor.RemoteAddress)}. ")
                + InWords(left)],
            always: true);
        await db.SaveChangesAsync();
    }

    /// <summary>How many recovery codes are left, as a sentence.</summary>
    public static string InWords(int left) => left switch
    {
        0 => "No recovery code is left.",
        1 => "One recovery code is left.",
        _ => string.Create(CultureInfo.InvariantCulture, $"{left} recovery codes are left."),
    };
}

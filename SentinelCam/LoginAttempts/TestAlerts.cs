using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.LoginAttempts;

/// <summary>The result of a request for a test alert.</summary>
public enum TestAlertOutcome
{
    /// <summary>It is recorded; picture and mail follow.</summary>
    Started,

    /// <summary>The last one was less than <see cref="TestAlerts.Spacing"/> ago.</summary>
    TooSoon,
}

/// <summary>
/// Test alerts: recorded, photographed and mailed like a failed sign-in, but marked as tests wherever they are shown, and counted
/// nowhere. No password is checked, so no account is locked.
/// </summary>
public sealed class TestAlerts(SentinelCamDbContext db, LoginAttemptRecorder recorder, ActivityLog activity, TimeProvider time)
{
    /// <summary>The minimum time between two tests of an owner, because each costs a picture and a mail.</summary>
    public static readonly TimeSpan Spacing = TimeSpan.FromMinutes(1);

    /// <summary>Starts a test.</summary>
    /// <param name="account">Who is alerted, whatever their preferences.</param>
    /// <param name="visitor">Who requested it.</param>
    /// <returns>The outcome, and the entry of this test or the last one.</returns>
    public async Task<(TestAlertOutcome Outcome, long EntryId)> StartAsync(Account account, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(visitor);
        // BEGIN IMMEDIATE, so that two requests at once start one test
        await using var transaction = await db.Database.BeginTransactionAsync();
        var now = time.GetUtcNow();
        var since = now - Spacing;
        // Not one from the time when the clock was ahead
        var last = await db.Alerts.Where(a => a.IsTest && a.OwnerId == account.Id && a.OpenedAt > since && a.OpenedAt <= now)
            .Select(a => (long?)a.Id).FirstOrDefaultAsync();
        if (last is not null)
        {
            var entryId = await db.ImageLog.Where(e => e.AlertId == last).Select(e => e.Id).FirstOrDefaultAsync();
            return (TestAlertOutcome.TooSoon, entryId);
        }

        activity.Add(account.Id, ActivityKind.TestAlertRequested);
        var entry = await recorder.AddTestAsync(new LoginAttempt
        {
            At = now,
            Origin = AttemptOrigin.WebPage,
            AccountTyped = TypedAccount.Kept(account.Email!),
            OwnerId = account.Id,
            RemoteAddress = visitor.RemoteAddress,
            UserAgent = visitor.UserAgent,
            Outcome = LoginOutcome.Test,
        }, now);
        await transaction.CommitAsync();
        return (TestAlertOutcome.Started, entry.Id);
    }
}

using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>The result of an answer to "Was it you?".</summary>
public enum AnswerOutcome
{
    Recorded,

    /// <summary>The same answer was given before. Its time and channel are kept.</summary>
    AlreadyGiven,

    /// <summary>There is no such alert, its entries were deleted, or it is another account's.</summary>
    NotFound,
}

/// <summary>An owner's review of their alerts. An answer is a record of what they said; it deletes nothing.</summary>
public sealed class AlertReview(
    SentinelCamDbContext db, AccountSessions sessions, KnownBrowsers browsers, ActivityLog activity, TimeProvider time,
    ILogger<AlertReview> logger)
{
    /// <summary>How long an alert counts as new. Nobody goes through older ones, but they can be answered.</summary>
    public static readonly TimeSpan NewFor = TimeSpan.FromDays(30);

    /// <summary>Counting stops here.</summary>
    public const int MaxCounted = 100;

    /// <summary>The alerts with entries that a viewer may see: their own; for administrators also those without one.</summary>
    public IQueryable<Alert> VisibleTo(Viewer viewer) => db.Alerts.AsNoTracking()
        .Where(a => a.Entries > 0 && (a.OwnerId == viewer.Id || (viewer.IsAdministrator && a.OwnerId == null)));

    /// <returns>Null if there is no such alert, its entries were deleted, or it is another account's.</returns>
    public Task<Alert?> FindAsync(Viewer viewer, long id) => VisibleTo(viewer).SingleOrDefaultAsync(a => a.Id == id);

    /// <summary>Records an answer. It can be changed later.</summary>
    /// <param name="viewer">Who answers; for a link in a mail, the account that the mail belongs to.</param>
    /// <param name="id">The alert.</param>
    /// <param name="answer">"It was me" or "not me".</param>
    /// <param name="through">Through what it is given.</param>
    public async Task<AnswerOutcome> AnswerAsync(Viewer viewer, long id, AlertAnswer answer, AnswerChannel through)
    {
        if (answer is not (AlertAnswer.ItWasMe or AlertAnswer.NotMe))
            throw new ArgumentOutOfRangeException(nameof(answer));
        if (await VisibleTo(viewer).AsTracking().SingleOrDefaultAsync(a => a.Id == id) is not { } alert)
            return AnswerOutcome.NotFound;
        if (alert.Answer == answer)
            return AnswerOutcome.AlreadyGiven;
        (alert.Answer, alert.AnsweredAt, alert.AnsweredThrough) = (answer, time.GetUtcNow(), through);
        activity.Add(viewer.Id, ActivityKind.AlertAnswered, answer.ToString(), ActorOf(through), alertId: id);
        await db.SaveChangesAsync();
        logger.LogInformation(
            "Alert {AlertId}: account {AccountId} answered {Answer} through {Channel}", id, viewer.Id, answer, through);
        return AnswerOutcome.Recorded;
    }

    /// <summary>Whether a browser that an alert told its owner about is still known.</summary>
    public Task<bool> HasNewBrowserAsync(Viewer viewer, long id) => browsers.IsAnyKnownAsync(viewer.Id, id);

    /// <summary>Ends all sessions of the browsers that an alert told its owner about, and makes them strangers again.</summary>
    /// <param name="owner">Who disowns them. The browsers of other accounts stay.</param>
    /// <param name="id">The alert.</param>
    /// <param name="through">Through what they do it.</param>
    /// <returns>False if there are none.</returns>
    public async Task<bool> DisownAsync(Viewer owner, long id, AnswerChannel through)
    {
        // In this order: if the second fails, a second try still finds something to do
        await sessions.EndToldAsync(owner.Id, id, ActorOf(through));
        var forgotten = await browsers.ForgetAsync(owner.Id, id);
        if (forgotten > 0)
            logger.LogInformation("Alert {AlertId}: account {AccountId} signed a new browser out", id, owner.Id);
        return forgotten > 0;
    }

    /// <summary>
    /// Counts the alerts of the last <see cref="NewFor"/> without an answer, up to <see cref="MaxCounted"/>. Never fails, because
    /// the number is on every page, including the one that reports a database error.
    /// </summary>
    public async Task<int> CountNewAsync(Viewer viewer)
    {
        try
        {
            var since = time.GetUtcNow() - NewFor;
            var count = await NewOf(viewer.Id, since).CountAsync();
            if (viewer.IsAdministrator && count < MaxCounted)
                count += await NewOf(null, since).CountAsync();
            return Math.Min(count, MaxCounted);
        }
        catch (Exception error) when (error is DbException or InvalidOperationException)
        {
            logger.LogError("New alerts could not be counted: {Problem}", error.Message);
            return 0;
        }
    }

    private static ActivityActor ActorOf(AnswerChannel channel) =>
        channel is AnswerChannel.Mail ? ActivityActor.Visitor : ActivityActor.Owner;

    private IQueryable<Alert> NewOf(long? owner, DateTimeOffset since) => db.Alerts
        .Where(a => a.OwnerId == owner && a.LastAt > since && a.Answer == AlertAnswer.New && a.Entries > 0)
        .OrderByDescending(a => a.LastAt).Take(MaxCounted);
}

using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Snapshots;

namespace SentinelCam.ImageLog;

/// <summary>Reads the entries that a viewer may see, newest first.</summary>
public sealed class ImageLogQuery(SentinelCamDbContext db, ImageLogIndex index)
{
    public const int PageSize = 25;

    private const long MillisecondsPerDay = 86_400_000;

    /// <summary>One page of the log.</summary>
    /// <param name="viewer">Who views the log.</param>
    /// <param name="filter">Which entries.</param>
    /// <param name="before">Only entries before this place, the last one of the previous page; null for the newest.</param>
    /// <param name="count">The maximum number of entries.</param>
    /// <param name="countTo">How many matches to count, if more than <paramref name="count"/>.</param>
    /// <param name="cancellationToken">Ends the search if the visitor disconnects.</param>
    public async Task<ImageLogPage> PageAsync(
        Viewer viewer, ImageLogFilter filter, LogPlace? before = null, int count = PageSize, int countTo = 0,
        CancellationToken cancellationToken = default)
    {
        var places = await index.FindAsync(viewer, filter, before, Math.Max(count, countTo) + 1, cancellationToken);
        var items = await ItemsAsync(viewer, [.. places.Take(count).Select(p => p.Id)], cancellationToken);
        return new ImageLogPage(items, places.Count > count ? places[count - 1] : null, places.Count);
    }

    /// <summary>Finds entries by id, newest first. Ids that do not exist or belong to other accounts are ignored.</summary>
    public async Task<IReadOnlyList<ImageLogItem>> ItemsAsync(
        Viewer viewer, IReadOnlyCollection<long> ids, CancellationToken cancellationToken = default)
    {
        if (ids.Count == 0)
            return [];
        var entries = await VisibleTo(viewer).Where(e => ids.Contains(e.Id))
            .Include(e => e.LoginAttempt).Include(e => e.Snapshot!.Strip).ToListAsync(cancellationToken);
        return await WithDeliveriesAsync([.. entries.OrderByDescending(e => e.At).ThenByDescending(e => e.Id)]);
    }

    /// <returns>Null if there is no such entry, or it is another account's.</returns>
    public async Task<ImageLogItem?> FindAsync(Viewer viewer, long id) => (await ItemsAsync(viewer, [id])).SingleOrDefault();

    /// <summary>Owners see their own entries. Administrators also see those without an owner.</summary>
    public IQueryable<ImageLogEntry> VisibleTo(Viewer viewer)
    {
        var entries = db.ImageLog.AsNoTracking();
        return viewer.IsAdministrator
            ? entries.Where(e => e.OwnerId == viewer.Id || e.OwnerId == null)
            : entries.Where(e => e.OwnerId == viewer.Id);
    }

    /// <summary>The pictures of the visible entries, and the frames of their strips.</summary>
    public IQueryable<Snapshot> SnapshotsVisibleTo(Viewer viewer)
    {
        var entryIds = VisibleTo(viewer).Select(e => (long?)e.Id);
        return db.Snapshots.AsNoTracking().Where(s => entryIds.Contains(s.EntryId)
            || db.Snapshots.Any(picture => picture.Id == s.StripOfId && entryIds.Contains(picture.EntryId)));
    }

    /// <summary>
    /// Counts the failed attempts against the viewer's account on each of the last days (UTC); for an administrator, also those
    /// without an owner.
    /// </summary>
    public async Task<IReadOnlyList<AttemptCount>> AttemptsPerDayAsync(Viewer viewer, DateTimeOffset now, int days)
    {
        var today = now.ToUnixTimeMilliseconds() / MillisecondsPerDay;
        var nobody = viewer.IsAdministrator ? 0 : viewer.Id;
        return await db.Database.SqlQuery<AttemptCount>($"""
            SELECT "Day", "Outcome", CAST(SUM("Attempts") AS bigint) AS "Attempts" FROM "AttemptDays"
            WHERE "OwnerId" IN ({viewer.Id}, {nobody}) AND "Day" > {today - days} AND "Day" <= {today} AND "Attempts" > 0
                AND "Outcome" NOT IN ({nameof(LoginOutcome.SucceededAfterFailures)},
                    {nameof(LoginOutcome.SucceededInNewBrowser)}, {nameof(LoginOutcome.Test)})
            GROUP BY "Day", "Outcome"
            """).ToListAsync();
    }

    /// <summary>
    /// Counts the viewer's alerts since a time, without tests, and the states of their mails; for an administrator, also alerts
    /// without an owner.
    /// </summary>
    public async Task<AlertSummary> AlertsSinceAsync(Viewer viewer, DateTimeOffset since)
    {
        var alerts = db.Alerts.AsNoTracking().Where(a => a.OpenedAt >= since && !a.IsTest
            && (a.OwnerId == viewer.Id || (viewer.IsAdministrator && a.OwnerId == null)));
        var states = await db.Deliveries.AsNoTracking()
            .Where(d => alerts.Select(a => (long?)a.Id).Contains(d.AlertId))
            .GroupBy(d => d.State).Select(g => new { State = g.Key, Count = g.Count() }).ToListAsync();
        int Of(params DeliveryState[] wanted) => states.Where(s => wanted.Contains(s.State)).Sum(s => s.Count);
        return new AlertSummary(
            await alerts.CountAsync(), Of(DeliveryState.Accepted), Of(DeliveryState.Waiting, DeliveryState.Sending),
            Of(DeliveryState.Failed));
    }

    private async Task<IReadOnlyList<ImageLogItem>> WithDeliveriesAsync(List<ImageLogEntry> entries)
    {
        var ids = entries.ConvertAll(e => (long?)e.Id);
        var alertIds = entries.Where(e => e.AlertId is not null).Select(e => e.AlertId).Distinct().ToList();
        var deliveries = await db.Deliveries.AsNoTracking()
            .Where(d => ids.Contains(d.EntryId)
                || ((d.Kind == MailKind.Summary || d.Kind == MailKind.Attempt) && alertIds.Contains(d.AlertId)))
            .OrderBy(d => d.Id).ToListAsync();
        var alerts = await db.Alerts.AsNoTracking().Where(a => alertIds.Contains(a.Id)).ToDictionaryAsync(a => a.Id);
        var entryIds = entries.ConvertAll(e => e.Id);
        var forwards = await db.Forwards.AsNoTracking().Where(f => entryIds.Contains(f.EntryId))
            .ToDictionaryAsync(f => f.EntryId);
        return entries.ConvertAll(entry =>
        {
            var alert = entry.AlertId is { } id ? alerts.GetValueOrDefault(id) : null;
            MailKind? sharedMail = entry.LoginAttempt?.ToldBy switch
            {
                ToldBy.LaterMail => MailKind.Attempt,
                ToldBy.Summary => MailKind.Summary,
                _ => null,
            };
            var mails = deliveries.FindAll(d => d.EntryId == entry.Id || (d.Kind == sharedMail && d.AlertId == entry.AlertId));
            return new ImageLogItem(entry, mails, alert) { Forward = forwards.GetValueOrDefault(entry.Id) };
        });
    }
}

/// <summary>An entry as the log shows it.</summary>
/// <param name="Entry">The entry with its attempt and snapshot.</param>
/// <param name="Deliveries">The mails about it, oldest first.</param>
/// <param name="Alert">The alert that its attempt opened or joined.</param>
public sealed record ImageLogItem(ImageLogEntry Entry, IReadOnlyList<Delivery> Deliveries, Alert? Alert)
{
    /// <summary>The picture first, then its strip, oldest first.</summary>
    public IReadOnlyList<Snapshot> Pictures { get; } =
        Entry.Snapshot is { } snapshot ? [snapshot, .. snapshot.Strip.OrderBy(frame => frame.TakenAt)] : [];

    /// <summary>The report to the central SentinelCam; null if there is none.</summary>
    public Forward? Forward { get; init; }

    public bool IsPinned => Entry.Snapshot is { Pinned: true };

    /// <summary>The label of one of the pictures; null if it needs none.</summary>
    public string? LabelOf(Snapshot picture) =>
        Entry.Snapshot is { } main && picture != main ? SnapshotLabel.Beside(picture, main) : SnapshotLabel.Of(picture, Entry.At);
}

/// <summary>One page of the log.</summary>
/// <param name="Items">Newest first.</param>
/// <param name="Older">Where the next page begins; null on the last page.</param>
/// <param name="Found">The number of matches, limited to one more than the requested count.</param>
public sealed record ImageLogPage(IReadOnlyList<ImageLogItem> Items, LogPlace? Older, int Found);

/// <summary>The attempts of one day with one outcome.</summary>
/// <param name="Day">Days since 1970, UTC.</param>
/// <param name="Outcome">The name of a <see cref="LoginOutcome"/>.</param>
/// <param name="Attempts">How many.</param>
public sealed record AttemptCount(long Day, string Outcome, long Attempts);

/// <summary>The alerts of a period and the states of their mails.</summary>
/// <param name="Alerts">How many were opened.</param>
/// <param name="Accepted">Mails that a mail server or the outbox accepted.</param>
/// <param name="Waiting">Mails still to be sent.</param>
/// <param name="Failed">Mails that failed.</param>
public sealed record AlertSummary(int Alerts, int Accepted, int Waiting, int Failed);

using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Snapshots;

namespace SentinelCam.ImageLog;

/// <summary>Finds the entries that somebody may see, newest first.</summary>
public sealed class ImageLogQuery(SentinelCamDbContext db)
{
    public const int PageSize = 25;

    /// <summary>One page of the log.</summary>
    /// <param name="viewer">Who looks.</param>
    /// <param name="filter">Which entries.</param>
    /// <param name="before">Only entries with a smaller id, the last one of the page before; null for the newest.</param>
    /// <param name="count">At most so many.</param>
    public async Task<ImageLogPage> PageAsync(Viewer viewer, ImageLogFilter filter, long? before = null, int count = PageSize)
    {
        var entries = filter.Apply(VisibleTo(viewer));
        if (before is { } id)
            entries = entries.Where(e => e.Id < id);
        var found = await entries.OrderByDescending(e => e.Id).Take(count + 1).Include(e => e.LoginAttempt).Include(e => e.Snapshot!.Strip).ToListAsync();
        var shown = found.Take(count).ToList();
        return new ImageLogPage(await WithDeliveriesAsync(shown), found.Count > count ? shown[^1].Id : null);
    }

    /// <returns>Null where there is no such entry, or it is somebody else's.</returns>
    public async Task<ImageLogItem?> FindAsync(Viewer viewer, long id)
    {
        var entry = await VisibleTo(viewer).Include(e => e.LoginAttempt).Include(e => e.Snapshot!.Strip).SingleOrDefaultAsync(e => e.Id == id);
        return entry is null ? null : (await WithDeliveriesAsync([entry]))[0];
    }

    /// <summary>An owner sees their own; an administrator also those that belong to no account.</summary>
    public IQueryable<ImageLogEntry> VisibleTo(Viewer viewer) => db.ImageLog.AsNoTracking()
        .Where(e => e.OwnerId == viewer.Id || (viewer.IsAdministrator && e.OwnerId == null));

    /// <summary>The pictures of those entries, and the frames of their strips.</summary>
    public IQueryable<Snapshot> SnapshotsVisibleTo(Viewer viewer)
    {
        var entryIds = VisibleTo(viewer).Select(e => (long?)e.Id);
        return db.Snapshots.AsNoTracking()
            .Where(s => entryIds.Contains(s.EntryId) || db.Snapshots.Any(picture => picture.Id == s.StripOfId && entryIds.Contains(picture.EntryId)));
    }

    /// <summary>The failed login attempts that the viewer is alerted of, newest first.</summary>
    public IQueryable<LoginAttempt> AttemptsVisibleTo(Viewer viewer) => db.LoginAttempts.AsNoTracking()
        .Where(a => (a.OwnerId == viewer.Id || (viewer.IsAdministrator && a.OwnerId == null)) && a.Outcome != LoginOutcome.SucceededAfterFailures)
        .OrderByDescending(a => a.Id);

    private async Task<IReadOnlyList<ImageLogItem>> WithDeliveriesAsync(List<ImageLogEntry> entries)
    {
        var ids = entries.ConvertAll(e => (long?)e.Id);
        var alertIds = entries.Where(e => e.AlertId is not null).Select(e => e.AlertId).ToList();
        var deliveries = await db.Deliveries.AsNoTracking()
            .Where(d => ids.Contains(d.EntryId) || (d.Kind == MailKind.Summary && alertIds.Contains(d.AlertId)))
            .OrderBy(d => d.Id).ToListAsync();
        var alerts = await db.Alerts.AsNoTracking().Where(a => alertIds.Contains(a.Id)).ToDictionaryAsync(a => a.Id);
        return entries.ConvertAll(entry => new ImageLogItem(
            entry,
            deliveries.FindAll(d => d.EntryId == entry.Id || (!entry.OpensAlert && d.Kind is MailKind.Summary && d.AlertId == entry.AlertId)),
            entry.AlertId is { } id && alerts.TryGetValue(id, out var alert) ? alert : null));
    }
}

/// <summary>An entry as the log shows it: snapshot, attempt and delivery together.</summary>
/// <param name="Entry">With its attempt and snapshot.</param>
/// <param name="Deliveries">The mails about it, oldest first.</param>
/// <param name="Alert">The alert that its attempt opened or joined.</param>
public sealed record ImageLogItem(ImageLogEntry Entry, IReadOnlyList<Delivery> Deliveries, Alert? Alert);

/// <summary>One page.</summary>
/// <param name="Items">Newest first.</param>
/// <param name="Older">The key of the next page; null on the last one.</param>
public sealed record ImageLogPage(IReadOnlyList<ImageLogItem> Items, long? Older);

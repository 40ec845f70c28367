using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;

namespace SentinelCam.ImageLog;

/// <summary>Reads the alerts that a viewer may see, with their pictures and mails.</summary>
/// <remarks>The SQL is written by hand, so that each list walks one index, whatever the number of alerts and entries.</remarks>
public sealed class AlertQuery(SentinelCamDbContext db, AlertReview review, ImageLogQuery log)
{
    /// <summary>The number of attempts on one page.</summary>
    public const int PageSize = 50;

    /// <summary>The entry with the best picture, otherwise the latest entry.</summary>
    private const string ShownEntrySql = """
        COALESCE(
            (SELECT e."Id" FROM "ImageLog" e JOIN "Snapshots" s ON s."EntryId" = e."Id"
                WHERE e."AlertId" = a."Id" AND e."CaptureState" = 'Taken'
                ORDER BY CASE s."Quality" WHEN 'Good' THEN 0 WHEN 'Unchecked' THEN 1 ELSE 2 END,
                    s."Score" DESC NULLS LAST, s."TakenAt" LIMIT 1),
            (SELECT e."Id" FROM "ImageLog" e WHERE e."AlertId" = a."Id" ORDER BY e."At" DESC, e."Id" DESC LIMIT 1))
        """;

    /// <summary>What an open page shows of an alert; it changes with each attempt, picture, mail and answer.</summary>
    private const string StateSql = """
        a."Id" || ' ' || a."Attempts" || a."Answer" || COALESCE(CAST(a."SucceededAt" AS text), '') || (a."ClosedAt" IS NULL)
            || ' ' || (SELECT COUNT(*) FROM "ImageLog" e WHERE e."AlertId" = a."Id" AND e."CaptureState" = 'Taken')
            || (SELECT e."CaptureState" || e."CaptureTries" FROM "ImageLog" e WHERE e."AlertId" = a."Id"
                ORDER BY e."At" DESC, e."Id" DESC LIMIT 1)
            || COALESCE((SELECT string_agg(d."State" || d."Tries", ',') FROM "Deliveries" d WHERE d."AlertId" = a."Id"), '')
        """;

    /// <summary>One page of the alerts, newest first, by their latest attempts.</summary>
    /// <param name="viewer">Who views them.</param>
    /// <param name="before">Only alerts before this place, the last one of the previous page; null for the newest.</param>
    /// <param name="count">The maximum number of alerts.</param>
    public async Task<AlertPage> PageAsync(Viewer viewer, LogPlace? before, int count)
    {
        var (at, id) = (before?.At ?? LogPlace.End, before?.Id ?? 0);
        List<ShownAlert> found = [];
        foreach (var owner in Owners(viewer))
        {
            var (sql, parameters) = PageStatement(owner, at, id, count + 1);
            found.AddRange(await db.Database.SqlQueryRaw<ShownAlert>(sql, parameters).ToListAsync());
        }

        found = [.. found.OrderByDescending(a => a.At).ThenByDescending(a => a.Id)];
        var older = found.Count > count ? new LogPlace(found[count - 1].At, found[count - 1].Id) : null;
        return new AlertPage(await ItemsAsync([.. found.Take(count)]), older);
    }

    /// <returns>Null if there is no such alert, its entries were deleted, or it is another account's.</returns>
    public async Task<AlertItem?> FindAsync(Viewer viewer, long id)
    {
        if (await review.FindAsync(viewer, id) is null)
            return null;
        var shown = await db.Database.SqlQueryRaw<ShownAlert>(
            $$"""SELECT a."LastAt" AS "At", a."Id", {{ShownEntrySql}} AS "EntryId" FROM "Alerts" a WHERE a."Id" = {0}""", id)
            .ToListAsync();
        return (await ItemsAsync(shown)).SingleOrDefault();
    }

    /// <summary>One page of an alert's attempts, earliest first.</summary>
    /// <param name="viewer">Who views them.</param>
    /// <param name="alertId">Of another account's alert nothing is found.</param>
    /// <param name="after">Only attempts after this place, the last one of the previous page; null for the first.</param>
    /// <param name="count">The maximum number of attempts.</param>
    /// <param name="cancellationToken">Ends the search if the visitor disconnects.</param>
    public async Task<AttemptPage> AttemptsAsync(
        Viewer viewer, long alertId, LogPlace? after, int count, CancellationToken cancellationToken = default)
    {
        var entries = log.VisibleTo(viewer).Where(e => e.AlertId == alertId);
        if (after is not null)
        {
            var at = DateTimeOffset.FromUnixTimeMilliseconds(after.At);
            // The index can use the first bound; the second is exact
            entries = entries.Where(e => e.At >= at && (e.At > at || e.Id > after.Id));
        }

        var ids = await entries.OrderBy(e => e.At).ThenBy(e => e.Id).Select(e => e.Id)
            .Take(count + 1).ToListAsync(cancellationToken);
        var items = (await log.ItemsAsync(viewer, [.. ids.Take(count)], cancellationToken)).Reverse().ToList();
        return new AttemptPage(items, ids.Count > count && items.Count > 0 ? LogPlace.Of(items[^1].Entry) : null);
    }

    /// <summary>Counts an alert's pictures, without those of strips, and the pinned ones among them.</summary>
    public Task<PictureCount> PicturesAsync(long alertId) => db.Database.SqlQuery<PictureCount>($"""
        SELECT CAST(COUNT(*) AS integer) AS "Total", CAST(COUNT(*) FILTER (WHERE s."Pinned") AS integer) AS "Pinned"
            FROM "ImageLog" e JOIN "Snapshots" s ON s."EntryId" = e."Id"
            WHERE e."AlertId" = {alertId} AND e."CaptureState" = 'Taken'
        """).SingleAsync();

    /// <summary>Summarizes what a page with the newest alerts shows, so that an open page notices changes.</summary>
    public async Task<string> StateAsync(Viewer viewer, int count)
    {
        List<string> states = [];
        foreach (var owner in Owners(viewer))
        {
            var (sql, parameters) = StatesStatement(owner, count);
            states.AddRange(await db.Database.SqlQueryRaw<string>(sql, parameters).ToListAsync());
        }

        return $"{await review.CountNewAsync(viewer)} {string.Join(' ', states)}";
    }

    private async Task<IReadOnlyList<AlertItem>> ItemsAsync(List<ShownAlert> shown)
    {
        if (shown.Count == 0)
            return [];
        var ids = shown.ConvertAll(a => (long?)a.Id);
        var entryIds = shown.ConvertAll(a => a.EntryId);
        var alerts = await db.Alerts.AsNoTracking().Where(a => ids.Contains(a.Id)).ToDictionaryAsync(a => a.Id);
        var entries = await db.ImageLog.AsNoTracking().Include(e => e.Snapshot).Include(e => e.LoginAttempt)
            .Where(e => entryIds.Contains(e.Id))
            .ToDictionaryAsync(e => e.Id);
        var mails = await db.Deliveries.AsNoTracking().Where(d => ids.Contains(d.AlertId)).OrderBy(d => d.Id).ToListAsync();
        var alertIds = alerts.Keys.ToList();
        var told = await db.Forwards.Where(f => alertIds.Contains(f.LoginAttempt!.AlertId) && !f.ToldHere)
            .Select(f => f.LoginAttempt!.AlertId).Distinct().ToListAsync();
        // Deleted since the list was read
        return [.. shown.Where(a => alerts.ContainsKey(a.Id) && a.EntryId is { } id && entries.ContainsKey(id))
            .Select(a => new AlertItem(alerts[a.Id], entries[a.EntryId!.Value], mails.FindAll(d => d.AlertId == a.Id))
            {
                IsToldElsewhere = told.Contains(a.Id),
            })];
    }

    /// <summary>The statement for the alerts of one owner before a place.</summary>
    internal static (string Sql, object[] Parameters) PageStatement(long? owner, long at, long id, int count)
    {
        var (from, parameters) = Newest(owner, at, id, count);
        return ($"""SELECT a."LastAt" AS "At", a."Id", {ShownEntrySql} AS "EntryId" {from}""", parameters);
    }

    /// <summary>The statement for what an open page shows of one owner's newest alerts.</summary>
    internal static (string Sql, object[] Parameters) StatesStatement(long? owner, int count)
    {
        var (from, parameters) = Newest(owner, LogPlace.End, 0, count);
        return ($"""SELECT {StateSql} AS "Value" {from}""", parameters);
    }

    // The owner leads the order, because PostgreSQL does not see that it is the same for all alerts of nobody
    private static (string Sql, object[] Parameters) Newest(long? owner, long at, long id, int count) => ($$"""
        FROM "Alerts" a WHERE a."OwnerId" {{(owner is null ? "IS NULL" : "= {3}")}} AND a."Entries" > 0
            AND a."LastAt" <= {0} AND (a."LastAt" < {0} OR a."Id" < {1})
            ORDER BY a."OwnerId" DESC, a."LastAt" DESC, a."Id" DESC LIMIT {2}
        """, owner is null ? [at, id, count] : [at, id, count, owner]);

    private static long?[] Owners(Viewer viewer) => viewer.IsAdministrator ? [viewer.Id, null] : [viewer.Id];

    private sealed record ShownAlert(long At, long Id, long? EntryId);
}

/// <summary>An alert as pages show it.</summary>
/// <param name="Alert">The alert.</param>
/// <param name="Shown">The entry with its best picture, otherwise its latest entry.</param>
/// <param name="Deliveries">The mails about it, oldest first.</param>
public sealed record AlertItem(Alert Alert, ImageLogEntry Shown, IReadOnlyList<Delivery> Deliveries)
{
    /// <summary>Whether the central SentinelCam tells its owner.</summary>
    public bool IsToldElsewhere { get; init; }

    /// <summary>The label of the best picture; null if it needs none, or there is no picture.</summary>
    public string? Label => Shown.Snapshot is { } picture ? Snapshots.SnapshotLabel.Of(picture, Shown.At) : null;
}

/// <summary>One page of the alerts.</summary>
/// <param name="Items">Newest first.</param>
/// <param name="Older">Where the next page begins; null on the last page.</param>
public sealed record AlertPage(IReadOnlyList<AlertItem> Items, LogPlace? Older);

/// <summary>One page of an alert's attempts.</summary>
/// <param name="Items">Earliest first.</param>
/// <param name="Later">Where the next page begins; null on the last page.</param>
public sealed record AttemptPage(IReadOnlyList<ImageLogItem> Items, LogPlace? Later);

/// <summary>The pictures of an alert.</summary>
/// <param name="Total">How many there are.</param>
/// <param name="Pinned">How many of them are pinned.</param>
public sealed record PictureCount(int Total, int Pinned);

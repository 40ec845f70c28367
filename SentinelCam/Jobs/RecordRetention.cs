using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Snapshots;

namespace SentinelCam.Jobs;

/// <summary>
/// Deletes the records that exceed <see cref="RetentionOptions.MaxRecordAge"/> or <see cref="RetentionOptions.MaxRecords"/>, and
/// gives their space back to the disk.
/// </summary>
/// <remarks>
/// Each step is a short transaction in a turn like that of an attempt, so a sign-in waits for one step at most. A step removes
/// rows together with those that make no sense without them, so a crash between two steps leaves nothing inconsistent.
/// </remarks>
public sealed class RecordRetention(
    SentinelCamDbContext db, RetentionOptions options, RecordingTurns turns, TimeProvider time, ILogger<RecordRetention> logger)
{
    private const int RowsPerStep = 200;

    private const int PagesPerStep = 200;

    /// <summary>How many free pages stay in the file, because the next records need them.</summary>
    private const int FreePagesKept = 256;

    /// <summary>
    /// Newer rows stay although there are too many: what is decided about an attempt depends on those of the hour before it.
    /// </summary>
    private static readonly TimeSpan AlwaysKept = TimeSpan.FromHours(2);

    private static readonly VisitorLine Line = new("retention", IsKnown: false);

    /// <summary>Entries without a picture, unless something about them is still to be done.</summary>
    private IQueryable<ImageLogEntry> FreeEntries => db.ImageLog.Where(e =>
        e.CaptureState != CaptureState.Waiting && e.Snapshot == null
        && !db.Alerts.Any(a => a.Id == e.AlertId && a.ClosedAt == null)
        // Two questions, so that each reads an index
        && !db.Deliveries.Any(d => d.EntryId == e.Id
            && (d.State == DeliveryState.Waiting || d.State == DeliveryState.Sending))
        && !db.Deliveries.Any(d => d.AlertId != null && d.AlertId == e.AlertId
            && (d.State == DeliveryState.Waiting || d.State == DeliveryState.Sending)));

    /// <summary>Attempts whose entry was deleted.</summary>
    private IQueryable<LoginAttempt> FreeAttempts => db.LoginAttempts.Where(a =>
        !db.ImageLog.Any(e => e.LoginAttemptId == a.Id)
        && !db.Alerts.Any(alert => alert.Id == a.AlertId && alert.ClosedAt == null)
        && !db.Deliveries.Any(d => d.AlertId == a.AlertId
            && (d.State == DeliveryState.Waiting || d.State == DeliveryState.Sending)));

    /// <summary>Mails that are done, unless they are shown with a picture.</summary>
    private IQueryable<Delivery> FreeDeliveries => db.Deliveries.Where(d =>
        (d.State == DeliveryState.Accepted || d.State == DeliveryState.Failed)
        && !db.Snapshots.Any(s => s.EntryId != null && s.EntryId == d.EntryId)
        && !db.Alerts.Any(a => a.Id == d.AlertId && a.ClosedAt == null));

    /// <summary>Closed alerts to which nothing belongs any longer.</summary>
    private IQueryable<Alert> FreeAlerts => db.Alerts.Where(a => a.ClosedAt != null
        && !db.LoginAttempts.Any(attempt => attempt.AlertId == a.Id)
        && !db.ImageLog.Any(e => e.AlertId == a.Id)
        && !db.Deliveries.Any(d => d.AlertId == a.Id));

    /// <summary>Deletes until nothing exceeds the limits.</summary>
    /// <param name="cancellationToken">Ends it between two steps; the next run goes on.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // In this order: mails belong to entries, and everything belongs to alerts
        Kind[] kinds =
        [
            new("entries", RowsOf(db.ImageLog), RowsOf(FreeEntries), RemoveEntriesAsync),
            new("attempts", RowsOf(db.LoginAttempts), RowsOf(FreeAttempts),
                ids => db.LoginAttempts.Where(a => ids.Contains(a.Id)).ExecuteDeleteAsync(CancellationToken.None)),
            new("mails", RowsOf(db.Deliveries), RowsOf(FreeDeliveries),
                ids => db.Deliveries.Where(d => ids.Contains(d.Id)).ExecuteDeleteAsync(CancellationToken.None)),
            new("alerts", RowsOf(db.Alerts), RowsOf(FreeAlerts),
                ids => db.Alerts.Where(a => ids.Contains(a.Id)).ExecuteDeleteAsync(CancellationToken.None)),
            new("lines of activity", RowsOf(db.Activity), RowsOf(db.Activity), RemoveActivityAsync),
        ];
        foreach (var kind in kinds)
        {
            var old = await RemoveOldAsync(kind, cancellationToken);
            var excess = await RemoveExcessAsync(kind, cancellationToken);
            if (old + excess > 0)
            {
                logger.LogInformation(
                    "Retention deleted {Old} {Kind} over the age limit and {Excess} over the limit of rows",
                    old, kind.Name, excess);
            }
        }

        // Kept as long as a late report could bring a deleted entry back
        var before = time.GetUtcNow() - options.MaxRecordAge;
        await InTurnAsync(() => db.ReceivedEntries.Where(r => r.EntryId == null && r.ReceivedAt < before)
            .ExecuteDeleteAsync(CancellationToken.None), cancellationToken);
        await DerivedTables.RemoveDaysBeforeAsync(db, time.GetUtcNow() - options.MaxRecordAge);
        await GivePagesBackAsync(cancellationToken);
    }

    /// <summary>The owners' shares if all together have a limit: those with few rows keep them all.</summary>
    /// <returns>How many rows an owner can keep.</returns>
    internal static long ShareOf(IEnumerable<long> counts, long limit)
    {
        var ascending = counts.Order().ToList();
        for (var i = 0; i < ascending.Count; i++)
        {
            var share = limit / (ascending.Count - i);
            if (ascending[i] > share)
                return share;
            limit -= ascending[i];
        }

        return long.MaxValue;
    }

    private static IQueryable<Row> RowsOf(IQueryable<ImageLogEntry> entries) => entries
        .Select(e => new Row { Id = e.Id, OwnerId = e.OwnerId, At = e.At, ClockErrorSeconds = e.ClockErrorSeconds });

    private static IQueryable<Row> RowsOf(IQueryable<LoginAttempt> attempts) =>
        attempts.Select(a => new Row { Id = a.Id, OwnerId = a.OwnerId, At = a.At });

    private static IQueryable<Row> RowsOf(IQueryable<Delivery> deliveries) =>
        deliveries.Select(d => new Row { Id = d.Id, OwnerId = d.RecipientId, At = d.QueuedAt });

    private static IQueryable<Row> RowsOf(IQueryable<Alert> alerts) =>
        alerts.Select(a => new Row { Id = a.Id, OwnerId = a.OwnerId, At = a.OpenedAt });

    private static IQueryable<Row> RowsOf(IQueryable<AccountActivity> activity) =>
        activity.Select(a => new Row { Id = a.Id, OwnerId = a.AccountId, At = a.At });

    /// <summary>Ids follow time, so this ends where the young rows begin, and reads none of the rest.</summary>
    private async Task<int> RemoveOldAsync(Kind kind, CancellationToken cancellationToken)
    {
        var (removed, last, now) = (0, 0L, time.GetUtcNow());
        while (true)
        {
            var page = await kind.All.Where(r => r.Id > last).OrderBy(r => r.Id).Take(RowsPerStep).ToListAsync(cancellationToken);
            var old = page.Where(r => r.TrueAt < now - options.MaxRecordAge).Select(r => r.Id).ToList();
            if (old.Count > 0)
                removed += await RemoveAsync(kind, old, cancellationToken);
            // Rows of a clock that was ahead prove nothing
            if (page.Count < RowsPerStep || (old.Count == 0 && page.Exists(r => r.TrueAt <= now)))
                return removed;
            last = page[^1].Id;
        }
    }

    /// <summary>Takes the oldest rows of the owners with the most.</summary>
    private async Task<int> RemoveExcessAsync(Kind kind, CancellationToken cancellationToken)
    {
        if (await kind.All.CountAsync(cancellationToken) <= options.MaxRecords)
            return 0;
        var owners = await kind.Free.GroupBy(r => r.OwnerId).Select(rows => new { Id = rows.Key, Count = rows.LongCount() })
            .ToListAsync(cancellationToken);
        var share = ShareOf(owners.Select(owner => owner.Count), options.MaxRecords);
        var (removed, before) = (0, time.GetUtcNow() - AlwaysKept);
        foreach (var owner in owners.Where(owner => owner.Count > share))
        {
            var (excess, last) = (owner.Count - share, 0L);
            while (excess > 0)
            {
                var page = await kind.Free.Where(r => r.OwnerId == owner.Id && r.Id > last).OrderBy(r => r.Id)
                    .Take((int)Math.Min(excess, RowsPerStep)).ToListAsync(cancellationToken);
                if (page.Count == 0 || !page.Exists(r => r.At < before))
                    break;
                var step = await RemoveAsync(
                    kind, [.. page.Where(r => r.At < before).Select(r => r.Id)], cancellationToken);
                (removed, excess, last) = (removed + step, excess - step, page[^1].Id);
            }
        }

        return removed;
    }

    private async Task<int> RemoveAsync(Kind kind, List<long> ids, CancellationToken cancellationToken)
    {
        // Pinned pictures stay for years: no write, and no turn, for what stays
        if (!await kind.Free.AnyAsync(r => ids.Contains(r.Id), cancellationToken))
            return 0;
        return await InTurnAsync(async () =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            // Once more, because a mail may have been sent again meanwhile
            var free = await kind.Free.Where(r => ids.Contains(r.Id)).Select(r => r.Id).ToListAsync(cancellationToken);
            // Another run may have removed them all
            var removed = free.Count == 0 ? 0 : await kind.RemoveAsync(free);
            await transaction.CommitAsync(CancellationToken.None);
            return removed;
        }, cancellationToken);
    }

    private async Task<int> RemoveEntriesAsync(List<long> ids)
    {
        var attempts = await db.ImageLog.Where(e => ids.Contains(e.Id) && e.LoginAttemptId != null)
            .Select(e => e.LoginAttemptId!.Value).ToListAsync();
        var removed = await db.ImageLog.Where(e => ids.Contains(e.Id)).ExecuteDeleteAsync();
        await db.LoginAttempts.Where(a => attempts.Contains(a.Id)).ExecuteDeleteAsync();
        return removed;
    }

    /// <summary>Triggers refuse any other way.</summary>
    private Task<int> RemoveActivityAsync(List<long> ids)
    {
        var rows = string.Join(", ", ids.Select(id => string.Create(CultureInfo.InvariantCulture, $"({id})")));
        var sql = $"""INSERT INTO "ActivityRemovals" VALUES {rows}""";
        return db.Database.ExecuteSqlRawAsync(sql);
    }

    private async Task GivePagesBackAsync(CancellationToken cancellationToken)
    {
        var (begun, left) = (await db.CountFreePagesAsync(), 0);
        for (var free = begun; free > FreePagesKept; free = left)
        {
            left = await InTurnAsync(async () =>
            {
                await db.GivePagesBackAsync(Math.Min(PagesPerStep, free - FreePagesKept));
                return await db.CountFreePagesAsync();
            }, cancellationToken);
            // The file is from an earlier version, and was too large to be prepared for this
            if (left >= free)
                return;
        }

        if (left > 0)
            await db.CheckpointAsync();
    }

    /// <summary>Makes one step, and lets those write who do not wait in turns for as long as it took.</summary>
    private async Task<int> InTurnAsync(Func<Task<int>> step, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var begun = Stopwatch.GetTimestamp();
        int done;
        using (await turns.WaitAsync(Line))
        {
            begun = Stopwatch.GetTimestamp();
            done = await step();
        }

        await Task.Delay(Stopwatch.GetElapsedTime(begun), cancellationToken);
        return done;
    }

    /// <summary>A kind of record.</summary>
    /// <param name="Name">For the log.</param>
    /// <param name="All">All rows.</param>
    /// <param name="Free">Those that can be removed.</param>
    /// <param name="RemoveAsync">Removes rows by id, and returns how many, within a transaction.</param>
    private sealed record Kind(
        string Name, IQueryable<Row> All, IQueryable<Row> Free, Func<List<long>, Task<int>> RemoveAsync);

    /// <summary>What retention needs to know about a record.</summary>
    private sealed class Row
    {
        public long Id { get; init; }

        public long? OwnerId { get; init; }

        public DateTimeOffset At { get; init; }

        public long? ClockErrorSeconds { get; init; }

        /// <summary>When it was, as far as it is known that the clock was wrong.</summary>
        public DateTimeOffset TrueAt => At.AddSeconds(ClockErrorSeconds ?? 0);
    }
}

using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.ImageLog;

/// <summary>
/// Finds the places of entries, newest first. The SQL is written by hand, so that each statement reads one index in the log's
/// order and stops after enough rows, even among a million entries.
/// </summary>
/// <remarks>
/// An administrator's log merges two lists: their own entries and those without an owner. A statement with OR would have to sort.
/// </remarks>
public sealed class ImageLogIndex(SentinelCamDbContext db)
{
    private static readonly string[] SearchedColumns = ["AccountTyped", "RemoteAddress", "UserAgent", "Service", "Caller"];
    private static readonly LogPlace Newest = new(LogPlace.End, 0);

    /// <summary>The newest places before a place.</summary>
    /// <param name="viewer">Who views the log.</param>
    /// <param name="filter">Which entries.</param>
    /// <param name="before">Null: starts with the newest entry.</param>
    /// <param name="count">The maximum number of places.</param>
    /// <param name="cancellationToken">Ends the search if the visitor disconnects.</param>
    public async Task<List<LogPlace>> FindAsync(
        Viewer viewer, ImageLogFilter filter, LogPlace? before, int count, CancellationToken cancellationToken = default)
    {
        var found = new List<LogPlace>();
        var owners = Owners(viewer, filter);
        foreach (var owner in owners)
        {
            var (sql, parameters) = Statement(owner, filter, before ?? Newest, count);
            found.AddRange(await db.Database.SqlQueryRaw<LogPlace>(sql, parameters).ToListAsync(cancellationToken));
        }

        return owners.Count == 1 ? found : [.. found.OrderByDescending(p => p.At).ThenByDescending(p => p.Id).Take(count)];
    }

    /// <summary>The entries next to a place, for moving from picture to picture.</summary>
    public async Task<(long? Newer, long? Older)> NeighboursAsync(Viewer viewer, LogPlace place)
    {
        var older = await FindAsync(viewer, new ImageLogFilter(), place, 1);
        var newer = new List<LogPlace>();
        foreach (var owner in Owners(viewer, new ImageLogFilter()))
            newer.AddRange(await db.Database.SqlQuery<LogPlace>($"""
                SELECT e.At, e.Id FROM ImageLog e
                WHERE e.OwnerId IS {owner} AND e.At >= {place.At} AND (e.At > {place.At} OR e.Id > {place.Id})
                ORDER BY e.At, e.Id LIMIT 1
                """).ToListAsync());
        return (newer.OrderBy(p => p.At).ThenBy(p => p.Id).FirstOrDefault()?.Id, older.FirstOrDefault()?.Id);
    }

    /// <summary>Counts entries, up to a limit.</summary>
    public async Task<int> CountAsync(Viewer viewer, ImageLogFilter filter, int atMost, LogPlace? before = null)
    {
        var count = 0;
        foreach (var owner in Owners(viewer, filter))
        {
            var (sql, parameters) = Statement(owner, filter, before ?? Newest, atMost, counts: true);
            count += await db.Database.SqlQueryRaw<int>(sql, parameters).SingleAsync();
        }

        return Math.Min(count, atMost);
    }

    /// <summary>The statement for the entries of one owner.</summary>
    internal static (string Sql, object[] Parameters) Statement(
        long? owner, ImageLogFilter filter, LogPlace before, int count, bool counts = false)
    {
        var parameters = new List<object>();
        string Add(object? value)
        {
            parameters.Add(new SqliteParameter($"@p{parameters.Count}", value ?? DBNull.Value));
            return $"@p{parameters.Count - 1}";
        }

        var conditions = new List<string> { $"e.OwnerId IS {Add(owner)}" };
        if (filter.Trigger is { } trigger)
            conditions.Add($"e.Trigger = {Add(trigger.ToString())}");
        if (filter.Outcome is { } outcome)
            conditions.Add($"e.Outcome = {Add(outcome.ToString())}");
        if (filter.Origin is { } origin)
        {
            conditions.Add($"e.Origin = {Add(origin.ToString())}");
            // Repeats the condition of an index, which SQLite cannot conclude from a parameter
            if (origin is not AttemptOrigin.WebPage)
                conditions.Add($"e.Origin <> '{nameof(AttemptOrigin.WebPage)}'");
        }

        if (filter.Mail is { } mail)
            conditions.Add($"e.MailState IS {Add(mail is MailFilter.None ? null : mail.ToString())}");
        var (from, order) = ("ImageLog e", "e.At DESC, e.Id DESC");
        if (filter.SearchedText is { } text)
        {
            // CROSS JOIN makes SQLite read the search index in its own order, and look up each candidate
            from = $"EntrySearch s CROSS JOIN ImageLog e ON e.At = {LogPlace.End} - (s.rowid >> {DerivedTables.IdBits})"
                + $" AND (~e.Id & {DerivedTables.IdMask}) = (s.rowid & {DerivedTables.IdMask})"
                + " CROSS JOIN LoginAttempts a ON a.Id = e.LoginAttemptId";
            order = "s.rowid";
            // SQLite ignores the case of ASCII only
            string[] spellings = [.. new[] { text, text.ToLowerInvariant(), text.ToUpperInvariant() }
                .Select(DerivedTables.Lower).Distinct()];
            conditions.Add($"EntrySearch MATCH {Add(DerivedTables.Match(owner, spellings))}");
            conditions.Add($"({string.Join(" OR ", spellings.Select(s => Add(s)).SelectMany(s =>
                SearchedColumns.Select(column => $"instr(lower(a.{column}), {s}) > 0")))})");
            var first = filter.End <= before.At
                ? DerivedTables.SearchKey(filter.End.Value, 0) + 1
                : DerivedTables.SearchKey(before.At, before.Id - 1);
            conditions.Add($"s.rowid >= {Add(first)}");
            if (filter.Start is { } start)
                conditions.Add($"s.rowid <= {Add(DerivedTables.SearchKey(start, 0))}");
        }
        else
        {
            // The index can use the first bound; the second is exact
            var at = Add(before.At);
            conditions.Add($"e.At <= {at} AND (e.At < {at} OR e.Id < {Add(before.Id)})");
            if (filter.Start is { } start)
                conditions.Add($"e.At >= {Add(start)}");
            if (filter.End is { } end && end <= before.At)
                conditions.Add($"e.At < {Add(end)}");
        }

        var sql = $"SELECT e.At, e.Id FROM {from} WHERE {string.Join(" AND ", conditions)} ORDER BY {order} LIMIT {Add(count)}";
        return (counts ? $"SELECT COUNT(*) AS Value FROM ({sql})" : sql, [.. parameters]);
    }

    private static List<long?> Owners(Viewer viewer, ImageLogFilter filter) => (viewer.IsAdministrator, filter.Whose) switch
    {
        (true, WhoseEntries.Unknown) => [null],
        (true, null) => [viewer.Id, null],
        _ => [viewer.Id],
    };
}

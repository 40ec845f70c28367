using System.Globalization;
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
            var (sql, parameters) = Statement(db.Dialect, owner, filter, before ?? Newest, count);
            found.AddRange(await RunAsync(
                filter, () => db.Database.SqlQueryRaw<LogPlace>(sql, parameters).ToListAsync(cancellationToken)));
        }

        return owners.Count == 1 ? found : [.. found.OrderByDescending(p => p.At).ThenByDescending(p => p.Id).Take(count)];
    }

    /// <summary>The entries next to a place, for moving from picture to picture.</summary>
    public async Task<(long? Newer, long? Older)> NeighboursAsync(Viewer viewer, LogPlace place)
    {
        var older = await FindAsync(viewer, new ImageLogFilter(), place, 1);
        var newer = new List<LogPlace>();
        foreach (var owner in Owners(viewer, new ImageLogFilter()))
        {
            // The owner leads the order, because PostgreSQL does not see that it is the same for all entries of nobody
            var sql = $$"""
                SELECT e."At", e."Id" FROM "ImageLog" e
                WHERE e."OwnerId" {{(owner is null ? "IS NULL" : "= {2}")}} AND e."At" >= {0} AND (e."At" > {0} OR e."Id" > {1})
                ORDER BY e."OwnerId", e."At", e."Id" LIMIT 1
                """;
            object[] parameters = owner is null ? [place.At, place.Id] : [place.At, place.Id, owner];
            newer.AddRange(await db.Database.SqlQueryRaw<LogPlace>(sql, parameters).ToListAsync());
        }

        return (newer.OrderBy(p => p.At).ThenBy(p => p.Id).FirstOrDefault()?.Id, older.FirstOrDefault()?.Id);
    }

    /// <summary>Counts entries, up to a limit.</summary>
    public async Task<int> CountAsync(Viewer viewer, ImageLogFilter filter, int atMost, LogPlace? before = null)
    {
        var count = 0;
        foreach (var owner in Owners(viewer, filter))
        {
            var (sql, parameters) = Statement(db.Dialect, owner, filter, before ?? Newest, atMost, counts: true);
            count += await RunAsync(filter, () => db.Database.SqlQueryRaw<int>(sql, parameters).SingleAsync());
        }

        return Math.Min(count, atMost);
    }

    /// <summary>The statement for the entries of one owner.</summary>
    internal static (string Sql, object[] Parameters) Statement(
        DatabaseDialect dialect, long? owner, ImageLogFilter filter, LogPlace before, int count, bool counts = false)
    {
        var parameters = new List<object>();
        string Add(object value)
        {
            parameters.Add(value);
            return string.Create(CultureInfo.InvariantCulture, $"{{{parameters.Count - 1}}}");
        }

        string Is(object? value) => value is null ? "IS NULL" : $"= {Add(value)}";

        var conditions = new List<string> { $"e.\"OwnerId\" {Is(owner)}" };
        if (filter.Trigger is { } trigger)
            conditions.Add($"e.\"Trigger\" {Is(trigger.ToString())}");
        if (filter.Outcome is { } outcome)
            conditions.Add($"e.\"Outcome\" {Is(outcome.ToString())}");
        if (filter.Origin is { } origin)
        {
            conditions.Add($"e.\"Origin\" {Is(origin.ToString())}");
            // Repeats the condition of an index, which neither database can conclude from a parameter
            if (origin is not AttemptOrigin.WebPage)
                conditions.Add($"e.\"Origin\" <> '{nameof(AttemptOrigin.WebPage)}'");
        }

        if (filter.Mail is { } mail)
            conditions.Add($"e.\"MailState\" {Is(mail is MailFilter.None ? null : mail.ToString())}");
        SearchSql search;
        if (filter.SearchedText is { } text)
        {
            // The databases ignore the case of ASCII only
            string[] spellings = [.. new[] { text, text.ToLowerInvariant(), text.ToUpperInvariant() }
                .Select(DerivedTables.Lower).Distinct()];
            search = dialect.SearchEntries(new(owner, spellings, before, filter.Start, filter.End), Add);
        }
        else
        {
            // The index can use the first bound; the second is exact
            var at = Add(before.At);
            conditions.Add($"e.\"At\" <= {at} AND (e.\"At\" < {at} OR e.\"Id\" < {Add(before.Id)})");
            if (filter.Start is { } start)
                conditions.Add($"e.\"At\" >= {Add(start)}");
            if (filter.End is { } end && end <= before.At)
                conditions.Add($"e.\"At\" < {Add(end)}");
            // The owner leads the order, because PostgreSQL does not see that it is the same for all entries of nobody
            var mailState = filter.Mail is MailFilter.None ? "e.\"MailState\" DESC, " : "";
            search = new("\"ImageLog\" e", [], $"e.\"OwnerId\" DESC, {mailState}e.\"At\" DESC, e.\"Id\" DESC");
        }

        conditions.AddRange(search.Conditions);
        var sql = $"SELECT e.\"At\", e.\"Id\" FROM {search.From} WHERE {string.Join(" AND ", conditions)} "
            + $"ORDER BY {search.Order} LIMIT {Add(count)}";
        return (counts ? $"SELECT CAST(COUNT(*) AS integer) AS \"Value\" FROM ({sql}) AS found" : sql, [.. parameters]);
    }

    private Task<T> RunAsync<T>(ImageLogFilter filter, Func<Task<T>> query) =>
        filter.SearchedText is null ? query() : db.Dialect.SearchAsync(db, query);

    private static List<long?> Owners(Viewer viewer, ImageLogFilter filter) => (viewer.IsAdministrator, filter.Whose) switch
    {
        (true, WhoseEntries.Unknown) => [null],
        (true, null) => [viewer.Id, null],
        _ => [viewer.Id],
    };
}

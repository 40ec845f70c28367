using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Accounts;

/// <summary>Which lines of all accounts' activity.</summary>
/// <param name="Text">A part of an account's address, of a detail, of an address or of a browser; null for any.</param>
/// <param name="KindsOfText">The kinds whose words contain the text.</param>
/// <param name="Group">Null for any.</param>
/// <param name="Since">Null for any.</param>
public sealed record ActivityFilter(
    string? Text = null, IReadOnlyCollection<ActivityKind>? KindsOfText = null, ActivityGroup? Group = null,
    DateTimeOffset? Since = null)
{
    /// <summary>A shorter text would match nearly everything, and is ignored.</summary>
    public const int MinTextLength = 3;

    public const int MaxTextLength = 100;

    /// <summary>The text as it is searched; null if it is missing or too short.</summary>
    public string? SearchedText => VisitorText.Clean(Text, MaxTextLength) is { Length: >= MinTextLength } text ? text : null;
}

/// <summary>A line with what is known now about those it names.</summary>
/// <param name="Line">The line.</param>
/// <param name="Account">The address of the account that it concerns; null if it was deleted, or the line concerns none.</param>
/// <param name="Actor">The address of the account that did it; null if it was deleted, or nobody was signed in.</param>
/// <param name="Alert">The alert with attempts that it belongs to; null if there is none any longer.</param>
public sealed record ActivityItem(AccountActivity Line, string? Account, string? Actor, Alert? Alert);

/// <summary>Reads activity, the latest lines first: by their ids, which follow the order of writing.</summary>
public sealed class ActivityQuery(SentinelCamDbContext db)
{
    public const int PageSize = 50;

    /// <summary>More accounts than this do not match one text.</summary>
    private const int MaxAccounts = 200;

    /// <summary>What happened to one account.</summary>
    /// <param name="accountId">Whose.</param>
    /// <param name="before">Only lines before the one with this id.</param>
    /// <param name="count">The maximum number of lines.</param>
    public Task<List<ActivityItem>> OfAccountAsync(long accountId, long before, int count) =>
        ItemsAsync(db.Activity.Where(a => a.AccountId == accountId && a.Id < before).OrderByDescending(a => a.Id).Take(count));

    /// <summary>What happened to all accounts, for administrators.</summary>
    /// <param name="filter">Which lines.</param>
    /// <param name="before">Only lines before the one with this id.</param>
    /// <param name="count">The maximum number of lines.</param>
    /// <param name="cancellationToken">Ends the search if the visitor disconnects.</param>
    public async Task<List<ActivityItem>> OfAllAsync(
        ActivityFilter filter, long before, int count, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var (sql, parameters) = await StatementAsync(filter, before, count, cancellationToken);
        return await db.Dialect.SearchAsync(
            db, () => ItemsAsync(db.Activity.FromSqlRaw(sql, parameters), cancellationToken));
    }

    /// <summary>SQL by hand, so that it reads one index in the order of the lines and stops after enough of them.</summary>
    private async Task<(string Sql, object[] Parameters)> StatementAsync(
        ActivityFilter filter, long before, int count, CancellationToken cancellationToken)
    {
        var parameters = new List<object>();
        string Add(object value)
        {
            parameters.Add(value);
            return string.Create(CultureInfo.InvariantCulture, $"{{{parameters.Count - 1}}}");
        }

        var conditions = new List<string>();
        var first = 0L;
        if (filter.Since is { } since)
        {
            conditions.Add($"a.\"At\" >= {Add(since.ToUnixTimeMilliseconds())}");
            first = await db.Activity.Where(a => a.At >= since).MinAsync(a => (long?)a.Id, cancellationToken) ?? before;
        }

        string[] spellings = [];
        List<long> accounts = [];
        IReadOnlyCollection<ActivityKind> kinds = [];
        if (filter.SearchedText is { } text)
        {
            // The databases ignore the case of ASCII only
            spellings = [.. new[] { text, text.ToLowerInvariant(), text.ToUpperInvariant() }
                .Select(DerivedTables.Lower).Distinct()];
            var name = text.ToUpperInvariant();
            accounts = await db.Users.Where(a => a.NormalizedEmail!.Contains(name)).OrderBy(a => a.Id).Select(a => a.Id)
                .Take(MaxAccounts).ToListAsync(cancellationToken);
            kinds = filter.KindsOfText ?? [];
        }

        IReadOnlyCollection<ActivityKind> group = filter.Group is { } chosen ? [.. ActivityGroups.KindsOf(chosen)] : [];
        var search = db.Dialect.SearchActivity(new(group, spellings, accounts, kinds, before, first), Add);
        return ($"SELECT a.* FROM {search.From} WHERE {string.Join(" AND ", conditions.Concat(search.Conditions))} "
            + $"ORDER BY {search.Order} LIMIT {Add(count)}", [.. parameters]);
    }

    private Task<List<ActivityItem>> ItemsAsync(
        IQueryable<AccountActivity> lines, CancellationToken cancellationToken = default) =>
        (from line in lines.AsNoTracking()
         orderby line.Id descending
         select new ActivityItem(
             line,
             db.Users.Where(a => a.Id == line.AccountId).Select(a => a.Email).FirstOrDefault(),
             db.Users.Where(a => a.Id == line.ActorId).Select(a => a.Email).FirstOrDefault(),
             db.Alerts.FirstOrDefault(a => a.Id == line.AlertId))).ToListAsync(cancellationToken);
}

using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Configuration;

namespace SentinelCam.Data;

/// <summary>SQLite in the data directory.</summary>
internal sealed class SqliteDialect : DatabaseDialect
{
    public static readonly SqliteDialect Instance = new();

    public override bool IsFile => true;

    public override string? FileIn(DataDirectory data) => data.Database;

    public override string Describe(SentinelCamDbContext db, DataDirectory data) => data.Database;

    public override ConfigurationException Unusable(SentinelCamDbContext db, DataDirectory data, string problem) =>
        new("DataDirectory", data.Database, "a sentinelcam.db that can be read and written, or none; "
            + $"restore it from a backup or move it away ({problem}).");

    public override ConfigurationException TooNew(SentinelCamDbContext db, DataDirectory data, string problem) =>
        new("DataDirectory", data.Database, $"a sentinelcam.db of this version or an older one. {problem}.");

    public override async Task PrepareAsync(SentinelCamDbContext db, ILogger logger)
    {
        await db.Database.OpenConnectionAsync();
        await FreePages.PrepareNewAsync(db);
        await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL;");
        // No other process uses the data directory: a lock was left by one that ended during a migration. EF Core would wait
        // for it forever
        await db.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS __EFMigrationsLock;");
        // MigrateAsync compares the whole model with that of the last migration first, which costs time at each start
        if ((await db.Database.GetPendingMigrationsAsync()).Any())
            await db.Database.MigrateAsync();
        await SchemaCheck.AddVersionsAsync(db);
        await DerivedTables.PrepareAsync(db);
        await FreePages.PrepareOldAsync(db, logger);
    }

    public override Task CheckWritableAsync(SentinelCamDbContext db) => DerivedTables.CheckWritableAsync(db);

    public override async Task<string?> FindDamageAsync(SentinelCamDbContext db)
    {
        var damage = await db.Database
            .SqlQueryRaw<string>("SELECT integrity_check AS Value FROM pragma_integrity_check LIMIT 1").SingleAsync();
        return damage == "ok" ? null : damage;
    }

    public override long ReadSize(SentinelCamDbContext db, DataDirectory data) => new FileInfo(data.Database).Length;

    public override Task<int> CountFreePagesAsync(SentinelCamDbContext db) =>
        FreePages.ReadAsync(db, "SELECT freelist_count AS Value FROM pragma_freelist_count");

    public override Task<IReadOnlyList<string>> ReadNodesSeenAsync(
        SentinelCamDbContext db, TimeSpan? within, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([]);

    public override SearchSql SearchEntries(EntrySearch search, Func<object, string> add)
    {
        // The index finds candidates. SQLite's lower changes ASCII only
        List<string> conditions =
        [
            $"EntrySearch MATCH {add(DerivedTables.Match(search.OwnerId, search.Spellings))}",
            $"({ContainsAny("a", EntrySearch.Columns, search.Spellings, add)})",
        ];
        var first = search.End <= search.Before.At
            ? DerivedTables.SearchKey(search.End.Value, 0) + 1
            : DerivedTables.SearchKey(search.Before.At, search.Before.Id - 1);
        conditions.Add($"s.rowid >= {add(first)}");
        if (search.Start is { } start)
            conditions.Add($"s.rowid <= {add(DerivedTables.SearchKey(start, 0))}");
        // CROSS JOIN makes SQLite read the search index in its own order, and look up each candidate
        var from = $"EntrySearch s CROSS JOIN ImageLog e ON e.At = {LogPlace.End} - (s.rowid >> {DerivedTables.IdBits})"
            + $" AND (~e.Id & {DerivedTables.IdMask}) = (s.rowid & {DerivedTables.IdMask})"
            + " CROSS JOIN LoginAttempts a ON a.Id = e.LoginAttemptId";
        return new(from, conditions, "s.rowid");
    }

    public override SearchSql SearchActivity(ActivitySearch search, Func<object, string> add)
    {
        List<string> conditions = [];
        if (search.Spellings.Count > 0)
        {
            var ids = string.Join(", ", search.Accounts.Select(id => id.ToString(CultureInfo.InvariantCulture)));
            // The index finds candidates
            conditions.Add($"(a.AccountId IN ({ids}) OR a.ActorId IN ({ids}) "
                + $"OR a.Kind IN ({string.Join(", ", search.KindsOfText.Select(kind => $"'{kind}'"))}) "
                + $"OR {ContainsAny("a", ActivitySearch.Columns, search.Spellings, add)})");
        }

        if (DerivedTables.MatchActivity(search.Kinds, search.Spellings, search.Accounts, search.KindsOfText) is not { } match)
        {
            conditions.Add($"a.Id < {add(search.Before)} AND a.Id >= {add(search.First)}");
            return new("AccountActivity a", conditions, "a.Id DESC");
        }

        conditions.Add(
            $"ActivitySearch MATCH {add(match)} AND s.rowid > {add(-search.Before)} AND s.rowid <= {add(-search.First)}");
        // CROSS JOIN makes SQLite read the search index in its own order, and look up each candidate
        return new("ActivitySearch s CROSS JOIN AccountActivity a ON a.Id = -s.rowid", conditions, "s.rowid");
    }

    private static string ContainsAny(
        string table, IEnumerable<string> columns, IEnumerable<string> texts, Func<object, string> add) =>
        string.Join(" OR ", texts.Select(add).SelectMany(text =>
            columns.Select(column => $"instr(lower({table}.{column}), {text}) > 0")));
}

using System.Globalization;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using SentinelCam.Configuration;

namespace SentinelCam.Data;

/// <summary>PostgreSQL. Triggers of the migrations fill <c>EntrySearch</c>; trigrams find text in it.</summary>
internal sealed class PostgresDialect : DatabaseDialect
{
    public static readonly PostgresDialect Instance = new();

    private const int OldestVersion = 15;

    /// <summary>
    /// Nearly all searches among a million entries take less time than this limit in milliseconds. By SQL, because a transaction
    /// of the context waits for the lock of <see cref="OneWriter"/>. Each text has a plan of its own.
    /// </summary>
    private const string FirstSearch =
        "BEGIN READ ONLY; SET LOCAL statement_timeout = 300; SET LOCAL plan_cache_mode = force_custom_plan";

    /// <summary>
    /// Keeps the planner from reading entry by entry. The server stops it before Npgsql gives up, which would look like a server
    /// that does not answer.
    /// </summary>
    private const string SecondSearch = "ROLLBACK; BEGIN READ ONLY; SET LOCAL statement_timeout = '25s'; "
        + "SET LOCAL enable_indexscan = off; SET LOCAL plan_cache_mode = force_custom_plan";

    /// <summary>Like <see cref="OneWriter"/>'s: any number that no other program uses on this database.</summary>
    private const string MigrationLock = "7305808869232735";

    /// <summary>As Data Protection's own.</summary>
    private static readonly TimeSpan KeyLifetime = TimeSpan.FromDays(90);

    /// <summary>As in the index of <c>AccountActivity</c>.</summary>
    private const string ActivityText =
        """lower((a."Detail" || chr(10) || a."RemoteAddress" || chr(10) || a."Browser") COLLATE "C")""";

    public override bool IsFile => false;

    public override string? FileIn(DataDirectory data) => null;

    public override string Describe(SentinelCamDbContext db, DataDirectory data)
    {
        var connection = db.Database.GetDbConnection();
        return $"the database {connection.Database} on {new NpgsqlConnectionStringBuilder(connection.ConnectionString).Host}";
    }

    // The connection string can contain a password
    public override ConfigurationException Unusable(SentinelCamDbContext db, DataDirectory data, string problem) =>
        new(PostgresOptions.Key, Describe(db, data), "a PostgreSQL database of version "
            + $"{OldestVersion} or later that its user owns and can reach ({problem}).");

    public override ConfigurationException TooNew(SentinelCamDbContext db, DataDirectory data, string problem) =>
        new(PostgresOptions.Key, Describe(db, data), $"a database of this version or an older one. {problem}.");

    public override async Task PrepareAsync(SentinelCamDbContext db, ILogger logger)
    {
        await db.Database.OpenConnectionAsync();
        var version = ((NpgsqlConnection)db.Database.GetDbConnection()).PostgreSqlVersion;
        if (version.Major < OldestVersion)
            throw new NpgsqlException($"It is PostgreSQL {version}");
        await MigrateAsync(db);
        await using var transaction = await db.Database.BeginTransactionAsync();
        await SchemaCheck.AddVersionsAsync(db);
        await transaction.CommitAsync();
    }

    /// <summary>
    /// Nodes that start at the same time migrate one after another. EF's own lock is a table, which the first of them must make.
    /// </summary>
    private static async Task MigrateAsync(SentinelCamDbContext db)
    {
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(10));
        await db.Database.ExecuteSqlRawAsync($"SET lock_timeout = '10min'; SELECT pg_advisory_lock({MigrationLock})");
        try
        {
            if (!await db.HasMigrationsAsync() || (await db.Database.GetPendingMigrationsAsync()).Any())
                await db.Database.MigrateAsync();
        }
        finally
        {
            await db.Database.ExecuteSqlRawAsync($"SELECT pg_advisory_unlock({MigrationLock}); RESET lock_timeout");
            db.Database.SetCommandTimeout(null);
        }
    }

    public override Task<bool> HasUnfinishedImportAsync(SentinelCamDbContext db) =>
        db.Set<SharedRow>().AnyAsync(r => r.Name == RowImport.Mark);

    public override async Task MakeFirstKeyAsync(SentinelCamDbContext db, IKeyManager keys, TimeProvider time)
    {
        // Its lock makes the others wait. The key itself is stored by another connection
        await using var transaction = await db.Database.BeginTransactionAsync();
        var now = time.GetUtcNow();
        if (keys.GetAllKeys().Count == 0)
            keys.CreateNewKey(now, now + KeyLifetime);
        await transaction.CommitAsync();
    }

    public override async Task CheckWritableAsync(SentinelCamDbContext db)
    {
        await db.Database.OpenConnectionAsync();
        await using var command = db.Database.GetDbConnection().CreateCommand();
        // Writes to the log as a commit does, with a transaction number and nothing else
        command.CommandText = "SELECT pg_logical_emit_message(true, 'sentinelcam', '')";
        command.CommandTimeout = 10;
        await command.ExecuteNonQueryAsync();
        await db.Database.CloseConnectionAsync();
    }

    /// <summary>PostgreSQL has its own tools for this.</summary>
    public override Task<string?> FindDamageAsync(SentinelCamDbContext db) => Task.FromResult<string?>(null);

    public override long ReadSize(SentinelCamDbContext db, DataDirectory data) =>
        db.Database.SqlQueryRaw<long>("""SELECT pg_database_size(current_database()) AS "Value" """).Single();

    /// <summary>PostgreSQL vacuums by itself.</summary>
    public override Task<int> CountFreePagesAsync(SentinelCamDbContext db) => Task.FromResult(0);

    public override async Task<IReadOnlyList<string>> ReadNodesSeenAsync(
        SentinelCamDbContext db, TimeSpan? within, CancellationToken cancellationToken)
    {
        if (within is not { } time)
            return await db.Nodes.Select(n => n.Name).ToListAsync(cancellationToken);
        var milliseconds = (long)time.TotalMilliseconds;
        return await db.Database.SqlQuery<string>($"""
            SELECT "Name" AS "Value" FROM "Nodes" WHERE "SeenAt" > extract(epoch FROM clock_timestamp()) * 1000 - {milliseconds}
            """).ToListAsync(cancellationToken);
    }

    public override SearchSql SearchEntries(EntrySearch search, Func<object, string> add)
    {
        var at = add(search.Before.At);
        List<string> conditions =
        [
            $"""s."OwnerId" = {add(search.OwnerId ?? 0)}""",
            $"({ContainsAny("s.\"Text\"", search.Spellings, add)})",
            $"""s."At" <= {at} AND (s."At" < {at} OR s."EntryId" < {add(search.Before.Id)})""",
        ];
        if (search.Start is { } start)
            conditions.Add($"""s."At" >= {add(start)}""");
        if (search.End is { } end)
            conditions.Add($"""s."At" < {add(end)}""");
        return new("""
            "EntrySearch" s JOIN "ImageLog" e ON e."Id" = s."EntryId"
            """, conditions, """s."At" DESC, s."EntryId" DESC""");
    }

    public override SearchSql SearchActivity(ActivitySearch search, Func<object, string> add)
    {
        List<string> conditions = [$"""a."Id" < {add(search.Before)} AND a."Id" >= {add(search.First)}"""];
        if (search.Kinds.Count > 0)
            conditions.Add($"""a."Kind" IN ({Names(search.Kinds)})""");
        if (search.Spellings.Count > 0)
        {
            List<string> any = [ContainsAny(ActivityText, search.Spellings, add)];
            if (search.Accounts.Count > 0)
            {
                var ids = string.Join(", ", search.Accounts.Select(id => id.ToString(CultureInfo.InvariantCulture)));
                any.Add($"""a."AccountId" IN ({ids}) OR a."ActorId" IN ({ids})""");
            }

            if (search.KindsOfText.Count > 0)
                any.Add($"""a."Kind" IN ({Names(search.KindsOfText)})""");
            conditions.Add($"({string.Join(" OR ", any)})");
        }

        return new("\"AccountActivity\" a", conditions, "a.\"Id\" DESC");
    }

    /// <summary>
    /// Looks for the text among the newest rows, or in the index of trigrams: the planner chooses, and is wrong about some texts,
    /// which take seconds. Such a search is stopped, and uses the index.
    /// </summary>
    public override async Task<T> SearchAsync<T>(SentinelCamDbContext db, Func<Task<T>> query)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(query);
        await db.Database.OpenConnectionAsync();
        try
        {
            await db.Database.ExecuteSqlRawAsync(FirstSearch);
            T found;
            try
            {
                found = await query();
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.QueryCanceled)
            {
                await db.Database.ExecuteSqlRawAsync(SecondSearch);
                found = await query();
            }

            await db.Database.ExecuteSqlRawAsync("COMMIT");
            return found;
        }
        finally
        {
            // Npgsql rolls back what is left open
            await db.Database.CloseConnectionAsync();
        }
    }

    private static string Names(IEnumerable<ActivityKind> kinds) => string.Join(", ", kinds.Select(kind => $"'{kind}'"));

    private static string ContainsAny(string text, IEnumerable<string> parts, Func<object, string> add) =>
        string.Join(" OR ", parts.Select(part => $"{text} LIKE {add(Pattern(part))}"));

    private static string Pattern(string part) => "%"
        + part.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal)
            .Replace("_", "\\_", StringComparison.Ordinal)
        + "%";
}

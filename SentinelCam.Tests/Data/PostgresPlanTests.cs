using System.Collections.Concurrent;
using System.Data.Common;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using SentinelCam.Data;
using SentinelCam.ImageLog;
using SentinelCam.Tests.ImageLog;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Data;

/// <summary>
/// How PostgreSQL reads the entries if an owner has 60,000, and nobody as many: by an index, in the order of the list.
/// </summary>
public class PostgresPlanTests(PostgresPlanTests.FullHouse house) : IClassFixture<PostgresPlanTests.FullHouse>
{
    private const int Entries = 60_000;

    /// <summary>Sorting fewer takes no time.</summary>
    private const int MaxSorted = 1_000;

    private static readonly string[] LongTables = ["ImageLog", "LoginAttempts", "Alerts", "EntrySearch", "Deliveries"];

    private static readonly LogPlace Middle = new(1_700_000_000_000 + (Entries / 2 * 60_000L), 5);

    [Fact]
    public async Task Every_search_of_the_log_reads_an_index_in_its_order()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var found = new DateOnly(2023, 12, 1);
        foreach (var (what, filter) in SqlitePlanTests.Filters.Select(row => row.Data)
            .Append(("days with entries", new ImageLogFilter(From: found, To: found.AddDays(3))))
            .Append(("frequent text", new ImageLogFilter("Chrome/11")))
            .Append(("rare text", new ImageLogFilter("203.0.77.33"))))
        {
            foreach (var owner in new long?[] { house.BobsId, null })
                foreach (var counts in new[] { false, true })
                {
                    var (sql, parameters) = await house.App.ReadAsync(db => Task.FromResult(
                        ImageLogIndex.Statement(db.Dialect, owner, filter, Middle, 26, counts)));
                    await AssertShortAsync($"{what} of {owner}", sql, parameters);
                }
        }
    }

    [Fact]
    public async Task Filter_with_an_index_of_its_own_is_planned_for_each_value()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var filters = SqlitePlanTests.Filters.Select(row => row.Data).Where(
            row => row.Item2 is { Outcome: not null } or { Trigger: not null } or { Origin: not null } or { Mail: not null })
            .ToList();
        Assert.NotEmpty(filters);
        foreach (var (what, filter) in filters)
        {
            var (sql, parameters) = await house.App.ReadAsync(db => Task.FromResult(
                ImageLogIndex.Statement(db.Dialect, house.BobsId, filter, Middle, 26)));
            await using var connection = new NpgsqlConnection(house.Server);
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = new NpgsqlCommand(Named(sql, parameters), connection);
            command.Parameters.AddRange(Parameters(parameters));
            await command.PrepareAsync(TestContext.Current.CancellationToken);
            // After five uses, PostgreSQL keeps a plan for all values if it takes that for no worse
            for (var i = 0; i < 8; i++)
                await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

            await using var count = new NpgsqlCommand(
                "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%ImageLog%'", connection);
            await using var row = await count.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            Assert.True(await row.ReadAsync(TestContext.Current.CancellationToken));
            Assert.Equal((what, 0L, 8L), (what, row.GetInt64(0), row.GetInt64(1)));
        }
    }

    [Fact]
    public async Task Lists_of_alerts_read_an_index_in_their_order()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        foreach (var owner in new long?[] { house.BobsId, null })
            foreach (var (sql, parameters) in new[]
                     {
                         AlertQuery.PageStatement(owner, Middle.At, Middle.Id, 7), AlertQuery.StatesStatement(owner, 7),
                     })
                await AssertShortAsync($"alerts of {owner}", sql, parameters);
    }

    [Fact]
    public async Task No_page_reads_a_whole_long_table()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        foreach (var (page, _) in await SitePages.OfAsync(house.App))
            foreach (var visitor in new[] { house.Ann, house.Bob })
                Assert.NotEqual(HttpStatusCode.InternalServerError, (await visitor.GetAsync(page)).Status);
        foreach (var path in new[] { "/userdata?Q=Chrome/11", "/userdata?View=Gallery", "/alerts", "/admin/activity?Q=ann" })
            foreach (var visitor in new[] { house.Ann, house.Bob })
                await visitor.GetAsync(path);

        var seen = house.Recorder.Seen.DistinctBy(statement => statement.Sql).ToList();
        Assert.Contains(seen, statement => statement.Path == "/dashboard");
        Assert.Contains(seen, statement => statement.Sql.Contains("EntrySearch", StringComparison.Ordinal));
        foreach (var (path, sql, parameters) in seen)
        {
            var nodes = await ExplainAsync(sql, parameters);
            Assert.True(!nodes.Exists(IsWholeTable), $"{path}\n{sql}\n{string.Join('\n', nodes)}");
        }
    }

    private Task<List<PlanNode>> ExplainAsync(string sql, object[] parameters) =>
        ExplainAsync(Named(sql, parameters), Parameters(parameters));

    private static string Named(string sql, object[] parameters) => string.Format(
        System.Globalization.CultureInfo.InvariantCulture, sql, [.. parameters.Select((_, i) => $"@p{i}")]);

    private static NpgsqlParameter[] Parameters(object[] values) =>
        [.. values.Select((value, i) => new NpgsqlParameter($"p{i}", value))];

    private async Task AssertShortAsync(string what, string sql, object[] parameters)
    {
        var nodes = await ExplainAsync(sql, parameters);
        var text = $"{what}\n{sql}\n{string.Join('\n', nodes)}";
        Assert.True(nodes.Exists(node => node.Index is not null), text);
        Assert.False(nodes.Exists(IsWholeTable), text);
        // An incremental one sorts only entries of the same millisecond
        Assert.False(nodes.Exists(node => node.Type == "Sort" && node.Rows > MaxSorted), text);
    }

    private static bool IsWholeTable(PlanNode node) =>
        node.Type == "Seq Scan" && LongTables.Contains(node.Table, StringComparer.Ordinal);

    private Task<List<PlanNode>> ExplainAsync(string sql, NpgsqlParameter[] parameters) => house.App.ReadAsync(async db =>
    {
        await db.Database.OpenConnectionAsync();
        await using var command = (NpgsqlCommand)db.Database.GetDbConnection().CreateCommand();
        command.CommandText = "EXPLAIN (FORMAT JSON) " + sql;
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter.Clone());
        using var plan = JsonDocument.Parse((string)(await command.ExecuteScalarAsync())!);
        var nodes = new List<PlanNode>();
        Add(plan.RootElement[0].GetProperty("Plan"));
        return nodes;

        void Add(JsonElement node)
        {
            string? Text(string name) => node.TryGetProperty(name, out var value) ? value.GetString() : null;
            nodes.Add(new(
                Text("Node Type")!, Text("Relation Name"), Text("Index Name"), node.GetProperty("Plan Rows").GetInt64()));
            if (node.TryGetProperty("Plans", out var children))
                foreach (var child in children.EnumerateArray())
                    Add(child);
        }
    });

    /// <summary>A step of a plan.</summary>
    /// <param name="Type">Such as <c>Index Scan</c>.</param>
    /// <param name="Table">The table that it reads; null if it reads other steps.</param>
    /// <param name="Index">The index that it uses, if any.</param>
    /// <param name="Rows">How many rows are expected.</param>
    private sealed record PlanNode(string Type, string? Table, string? Index, long Rows);

    /// <summary>A household with many entries on PostgreSQL.</summary>
    public sealed class FullHouse : Household
    {
        private (string Key, string? Value)[] _settings = [];

        /// <summary>The connection string.</summary>
        public string Server => _settings[0].Value!;

        public long BobsId { get; private set; }

        internal StatementRecorder Recorder { get; } = new();

        protected override (string Key, string? Value)[] Settings => _settings;

        public override async ValueTask InitializeAsync()
        {
            if (!PostgresServer.IsAvailable)
                return;
            _settings = await PostgresServer.NewDatabaseAsync();
            await base.InitializeAsync();
            BobsId = await App.ReadAsync(db => db.Users.Where(a => a.Email == Bobs).Select(a => a.Id).SingleAsync());
            await ManyEntries.AddAsync(App, BobsId, Entries);
            await ManyEntries.AddAsync(App, null, Entries);
            Recorder.Http = App.Services.GetRequiredService<IHttpContextAccessor>();
        }

        public override async ValueTask DisposeAsync()
        {
            if (App is not null)
                await base.DisposeAsync();
        }

        protected override void Replace(IServiceCollection services)
        {
            base.Replace(services);
            services.ConfigureDbContext<PostgresDbContext>(options => options.AddInterceptors(Recorder));
        }
    }

    /// <summary>Keeps the statements that requests run.</summary>
    internal sealed class StatementRecorder : DbCommandInterceptor
    {
        public IHttpContextAccessor? Http { get; set; }

        public ConcurrentQueue<(string Path, string Sql, NpgsqlParameter[] Parameters)> Seen { get; } = new();

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result,
            CancellationToken cancellationToken = default)
        {
            if (Http?.HttpContext is { } context && command.CommandText.StartsWith("SELECT", StringComparison.Ordinal))
                Seen.Enqueue((context.Request.Path.Value!, command.CommandText,
                    [.. command.Parameters.Cast<NpgsqlParameter>().Select(parameter => parameter.Clone())]));
            return ValueTask.FromResult(result);
        }
    }
}

using System.Reflection;
using Microsoft.Data.Sqlite;
using SentinelCam.HangfireSqlite.Database;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>Asks SQLite how it would run each statement of the storage.</summary>
public sealed class QueryPlanTests : IDisposable
{
    // Tables that are as small as the number of workers, queues or servers
    private static readonly string[] SmallTables = ["fetched_job", "queue", "server"];

    private readonly TemporaryStorage _temporary = new();

    public static TheoryData<string, string> Statements { get; } = new(
        new[] { typeof(Sql), typeof(MonitoringSql) }
            .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Select(field => (field.Name, Text: (string)field.GetRawConstantValue()!))
            .Where(statement => !IsCommand(statement.Text)));

    public void Dispose() => _temporary.Dispose();

    [Theory]
    [MemberData(nameof(Statements))]
    public void No_statement_reads_a_large_table_from_end_to_end(string name, string sql)
    {
        foreach (var step in Plan(sql))
        {
            if (!step.StartsWith("SCAN ", StringComparison.Ordinal)) continue;
            var table = step.Split(' ')[1];
            Assert.True(SmallTables.Contains(table) || table is "CONSTANT" or "(subquery-1)", $"{name}: {step}");
        }
    }

    [Theory]
    [InlineData(nameof(MonitoringSql.JobsNewestFirst))]
    [InlineData(nameof(MonitoringSql.JobsOldestFirst))]
    [InlineData(nameof(MonitoringSql.EnqueuedJobs))]
    [InlineData(nameof(MonitoringSql.History))]
    [InlineData(nameof(Sql.LowestOfSet))]
    [InlineData(nameof(Sql.RangeOfSet))]
    [InlineData(nameof(Sql.RangeOfList))]
    [InlineData(nameof(Sql.ExpiredJobs))]
    [InlineData(nameof(Sql.NextDue))]
    [InlineData(nameof(Sql.TakeFromQueue))]
    public void What_is_read_in_order_is_not_sorted_first(string name)
    {
        var field = typeof(Sql).GetField(name) ?? typeof(MonitoringSql).GetField(name);
        Assert.DoesNotContain(Plan((string)field!.GetRawConstantValue()!), step => step.Contains("TEMP B-TREE", StringComparison.Ordinal));
    }

    private static bool IsCommand(string sql) =>
        sql.StartsWith("PRAGMA", StringComparison.Ordinal) || sql.StartsWith("BEGIN", StringComparison.Ordinal)
        || sql is Sql.Commit or Sql.RollBack;

    private List<string> Plan(string sql)
    {
        using var connection = new SqliteConnection($"{_temporary.ConnectionString};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The text is one of the storage's constants
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
#pragma warning restore CA2100
        foreach (var name in System.Text.RegularExpressions.Regex.Matches(sql, @"\$\w+").Select(m => m.Value).Distinct())
            command.Parameters.AddWithValue(name, 1);
        using var reader = command.ExecuteReader();
        var steps = new List<string>();
        while (reader.Read()) steps.Add(reader.GetString(3));
        return steps;
    }
}

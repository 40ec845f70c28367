using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.ImageLog;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.ImageLog;

/// <summary>On SQLite, searches read an index in the order of the log, which needs no sorting.</summary>
public class SqlitePlanTests(Household household) : IClassFixture<Household>
{
    private static readonly LogPlace Middle = new(1_893_499_200_000, 5);
    private readonly SentinelCamApp _app = household.App;

    public static TheoryData<string, ImageLogFilter> Filters => new()
    {
        { "everything", new ImageLogFilter() },
        { "trigger", new ImageLogFilter(Trigger: CaptureTrigger.Manual) },
        { "outcome", new ImageLogFilter(Outcome: LoginOutcome.LockedOut) },
        { "mail", new ImageLogFilter(Mail: MailFilter.Failed) },
        { "no mail", new ImageLogFilter(Mail: MailFilter.None) },
        { "days", new ImageLogFilter(From: new DateOnly(2029, 12, 1), To: new DateOnly(2029, 12, 31)) },
        { "text", new ImageLogFilter("curl") },
        { "text and days", new ImageLogFilter("curl", From: new DateOnly(2029, 12, 1), To: new DateOnly(2029, 12, 31)) },
        {
            "all together",
            new ImageLogFilter(
                "curl", CaptureTrigger.FailedLogin, LoginOutcome.WrongPassword, new DateOnly(2029, 12, 1),
                Mail: MailFilter.Accepted)
        },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task Every_search_reads_an_index_in_the_logs_order(string what, ImageLogFilter filter)
    {
        foreach (var owner in new long?[] { 1, null })
            foreach (var counts in new[] { false, true })
            {
                var (sql, parameters) = await StatementAsync(owner, filter, counts);
                var explained = "EXPLAIN QUERY PLAN " + sql;
                var plan = await _app.ReadAsync(db => db.Database.SqlQueryRaw<PlanStep>(explained, parameters).ToListAsync());
                var text = what + ": " + string.Join('\n', plan.Select(step => step.Detail));
                Assert.Contains(plan, step => step.Detail.StartsWith("SEARCH e USING", StringComparison.Ordinal)
                    && step.Detail.Contains("(OwnerId=? AND ", StringComparison.Ordinal));
                Assert.False(plan.Any(step => step.Detail.StartsWith("SCAN e", StringComparison.Ordinal)), text);
                Assert.False(plan.Any(step => step.Detail.Contains("TEMP B-TREE", StringComparison.Ordinal)), text);
                Assert.Equal(filter.SearchedText is not null,
                    plan.Any(step => step.Detail.StartsWith("SCAN s VIRTUAL TABLE", StringComparison.Ordinal)));
            }
    }

    private Task<(string Sql, object[] Parameters)> StatementAsync(long? owner, ImageLogFilter filter, bool counts) =>
        _app.ReadAsync(db => Task.FromResult(ImageLogIndex.Statement(db.Dialect, owner, filter, Middle, 26, counts)));

    [Fact]
    public async Task Lists_of_alerts_read_an_index_in_their_order_and_only_the_pictures_of_each_alert()
    {
        foreach (var owner in new long?[] { 1, null })
            foreach (var (sql, parameters) in new[]
                     {
                         AlertQuery.PageStatement(owner, LogPlace.End, 0, 7), AlertQuery.StatesStatement(owner, 7),
                     })
            {
                var explained = "EXPLAIN QUERY PLAN " + sql;
                var plan = await _app.ReadAsync(db => db.Database.SqlQueryRaw<PlanStep>(explained, parameters).ToListAsync());
                var text = string.Join('\n', plan.Select(step => step.Detail));
                Assert.Contains("SEARCH a USING INDEX IX_Alerts_OwnerId_LastAt (OwnerId=? AND LastAt<?)", text,
                    StringComparison.Ordinal);
                Assert.Contains("INDEX IX_ImageLog_AlertId_Taken (AlertId=?)", text, StringComparison.Ordinal);
                Assert.Contains("INDEX IX_ImageLog_AlertId_At (AlertId=?)", text, StringComparison.Ordinal);
                Assert.DoesNotContain("SCAN e", text, StringComparison.Ordinal);
                // Only the pictures of one alert are sorted, a hundred at most
                Assert.DoesNotContain(
                    plan, step => step.Parent == 0 && step.Detail.Contains("TEMP B-TREE", StringComparison.Ordinal));
            }
    }

    [Fact]
    public async Task Outdated_search_index_is_rebuilt()
    {
        var id = await _app.AddAccountAsync("Old", "old@example.org");
        var entry = await _app.FailToSignInAsync("old@example.org", userAgent: "from before the index", isCaptured: false);
        await _app.ReadAsync(db => db.Database.ExecuteSqlRawAsync(
            "INSERT INTO EntrySearch(EntrySearch) VALUES ('delete-all'); DELETE FROM AttemptDays; PRAGMA user_version = 0;"));

        await _app.ReadAsync(async db =>
        {
            await DerivedTables.PrepareAsync(db);
            await DerivedTables.PrepareAsync(db);
            return 0;
        });

        Assert.Equal([entry], await FindAsync(new Viewer(id, false), "before the index"));
        Assert.Equal(1, await AttemptsAsync(id));
    }

    private async Task<IEnumerable<long>> FindAsync(Viewer viewer, string text)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        return (await scope.ServiceProvider.GetRequiredService<ImageLogIndex>()
            .FindAsync(viewer, new ImageLogFilter(text), null, 10)).Select(p => p.Id);
    }

    private async Task<long> AttemptsAsync(long owner)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        var days = await scope.ServiceProvider.GetRequiredService<ImageLogQuery>()
            .AttemptsPerDayAsync(new Viewer(owner, false), household.Clock.GetUtcNow(), 30);
        return days.Sum(day => day.Attempts);
    }

    internal sealed record PlanStep(int Id, int Parent, int NotUsed, string Detail);
}

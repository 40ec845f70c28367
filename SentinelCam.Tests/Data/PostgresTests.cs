using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.ImageLog;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Data;

/// <summary>The app on a real PostgreSQL.</summary>
public class PostgresTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wrong_password_is_photographed_mailed_shown_and_deleted()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var app = await SentinelCamApp.StartAsync(await PostgresServer.NewDatabaseAsync());
        using var ann = await app.RegisterAnnAsync();
        await ann.SignOutAsync();
        using var intruder = app.Visit("Mozilla/5.0 (Intruder)");
        Assert.Equal("/login", (await intruder.SignInAsync(SentinelCamApp.AnnsEmail, "not the password at all")).Path);
        await app.WaitForAcceptedAsync(1);

        Assert.Equal("/dashboard", (await ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);

        var mail = Assert.Single(app.MailsTo(SentinelCamApp.AnnsEmail));
        Assert.Contains("Mozilla/5.0 (Intruder)", mail.TextBody, StringComparison.Ordinal);
        foreach (var (page, text) in new[]
                 {
                     ("/dashboard", "Failed sign-in to " + SentinelCamApp.AnnsEmail),
                     ("/alerts/1", "Failed sign-in: wrong password"),
                     ("/userdata", "wrong password for " + SentinelCamApp.AnnsEmail), ("/settings/activity", "registered"),
                     ("/admin/activity", "registered"), ("/admin/accounts", SentinelCamApp.AnnsEmail), ("/admin/camera", "demo"),
                     ("/admin/mail", "outbox"),
                 })
        {
            var seen = await ann.GetAsync(page);
            Assert.Equal(HttpStatusCode.OK, seen.Status);
            Assert.Contains(text, seen.Main, StringComparison.OrdinalIgnoreCase);
        }

        var picture = await app.ReadAsync(db => db.Snapshots.AsNoTracking().SingleAsync(s => s.StripOfId == null));
        Assert.Equal("image/jpeg", (await ann.GetAsync($"/snapshots/{picture.Id}")).Headers["Content-Type"]);
        Assert.Equal("/userdata", (await ann.SubmitAsync($"/delete_log/{picture.EntryId}", new { })).Path);
        Assert.Equal(0, await app.ReadAsync(db => db.ImageLog.CountAsync()));
        Assert.Equal(0, await app.ReadAsync(db =>
            db.Database.SqlQueryRaw<long>("""SELECT COUNT(*) AS "Value" FROM "EntrySearch" """).SingleAsync()));
        Assert.Equal(HttpStatusCode.OK, (await ann.GetAsync("/healthz")).Status);
        // Nothing went to SQLite
        Assert.Equal(0, new FileInfo(Path.Combine(app.DataDirectory, "sentinelcam.db")).Length);
    }

    [Fact]
    public async Task Parallel_attempts_are_counted_one_after_another()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var app = await SentinelCamApp.StartAsync(
            TestClock.AtNoon(), Household.CheapPasswords, await PostgresServer.NewDatabaseAsync());
        var id = await app.AddAccountAsync("Bob", Household.Bobs);

        await Parallel.ForAsync(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 20, CancellationToken = Cancelled },
            async (_, _) => await app.FailToSignInAsync(Household.Bobs, isCaptured: false));

        var alert = await app.ReadAsync(db => db.Alerts.SingleAsync(a => a.OwnerId == id));
        Assert.Equal(200, alert.Attempts);
        var outcomes = await app.ReadAsync(db => db.LoginAttempts.GroupBy(a => a.Outcome)
            .Select(g => new { g.Key, Count = g.Sum(a => a.Count) }).ToDictionaryAsync(g => g.Key, g => g.Count));
        Assert.Equal(200, outcomes.Values.Sum());
        Assert.Equal(5, outcomes[LoginOutcome.WrongPassword]);
        Assert.Equal(200, await app.ReadAsync(db => db.Database
            .SqlQueryRaw<long>("""SELECT CAST(SUM("Attempts") AS bigint) AS "Value" FROM "AttemptDays" """).SingleAsync()));
    }

    [Fact]
    public async Task Search_that_takes_too_long_is_stopped_by_the_server_and_is_no_outage()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var app = await SentinelCamApp.StartAsync(await PostgresServer.NewDatabaseAsync());
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        string? limit = null;

        var error = await Assert.ThrowsAsync<PostgresException>(() => db.Dialect.SearchAsync(db, async () =>
        {
            if (limit is null)
            {
                limit = "not read yet";
                await db.Database.ExecuteSqlRawAsync("SELECT pg_sleep(60)", Cancelled);
            }

            limit = await db.Database.SqlQueryRaw<string>("""SELECT current_setting('statement_timeout') AS "Value" """)
                .SingleAsync(Cancelled);
            return await db.Database.ExecuteSqlRawAsync(
                "SET LOCAL statement_timeout = 1; SELECT pg_sleep(60)", Cancelled);
        }));

        // Npgsql gives up after 30 seconds
        Assert.Equal("25s", limit);
        Assert.Equal(PostgresErrorCodes.QueryCanceled, error.SqlState);
        Assert.Null(DatabaseProblem.Of(error));
        Assert.NotNull(DatabaseProblem.Of(new PostgresException("Going away.", "FATAL", "FATAL", "57P01")));
    }

    [Fact]
    public async Task Search_treats_every_input_as_plain_text_and_finds_only_the_owners_entries()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var app = await SentinelCamApp.StartAsync(
            TestClock.AtNoon(), Household.CheapPasswords, await PostgresServer.NewDatabaseAsync());
        var bob = await app.AddAccountAsync("Bob", Household.Bobs);
        await app.AddAccountAsync("Eve", Household.Eves);
        foreach (var email in new[] { Household.Bobs, Household.Eves, "nobody@example.org" })
            foreach (var agent in new[] { "quoted \"agent\" *", "école", "日本語 browser", "100%_sure\\" })
                await app.FailToSignInAsync(email, userAgent: agent, isCaptured: false);

        await using var scope = app.Services.CreateAsyncScope();
        var index = scope.ServiceProvider.GetRequiredService<ImageLogIndex>();
        foreach (var (text, found) in new[]
                 {
                     ("quoted \"agent\" *", 1), ("100%_sure\\", 1), ("100%", 1), ("0_s", 0), ("ÉCOLE", 1), ("日本語", 1),
                     ("BROWSER", 1), ("no such text", 0), ("zz", 4), ("\0\0\0\u0007", 4),
                 })
        {
            var filter = new ImageLogFilter(text);
            var places = await index.FindAsync(new Viewer(bob, false), filter, null, 10, Cancelled);
            Assert.Equal((text, found), (text, places.Count));
            if (found > 0)
                Assert.Equal(places.Skip(1), await index.FindAsync(new Viewer(bob, false), filter, places[0], 10, Cancelled));
            // Administrators also find those of no account
            var all = await index.FindAsync(new Viewer(bob, true), filter, null, 10, Cancelled);
            Assert.Equal((text, found * 2), (text, all.Count));
            Assert.Equal((text, found), (text, await index.CountAsync(new Viewer(bob, false), filter, 100)));
        }
    }

    [Fact]
    public async Task Lines_of_activity_can_be_searched_and_neither_changed_nor_deleted()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var app = await SentinelCamApp.StartAsync(await PostgresServer.NewDatabaseAsync());
        using var ann = await app.RegisterAnnAsync();
        await using var scope = app.Services.CreateAsyncScope();
        var query = scope.ServiceProvider.GetRequiredService<ActivityQuery>();
        var all = await query.OfAllAsync(new ActivityFilter(), long.MaxValue, 50, Cancelled);
        var line = all[0].Line;

        Assert.NotEmpty(all);
        foreach (var filter in new[]
                 {
                     new ActivityFilter("ANN@"), new ActivityFilter("127.0.0.1"),
                     new ActivityFilter("no such text", KindsOfText: [line.Kind]), new ActivityFilter(Since: line.At),
                     new ActivityFilter(Group: ActivityGroups.GroupOf(line.Kind)),
                 })
            Assert.Contains(line.Id, (await query.OfAllAsync(filter, long.MaxValue, 50, Cancelled)).Select(a => a.Line.Id));
        Assert.Empty(await query.OfAllAsync(new ActivityFilter("no such text"), long.MaxValue, 50, Cancelled));
        foreach (var sql in new[]
                 {
                     """DELETE FROM "AccountActivity" """, """UPDATE "AccountActivity" SET "Detail" = 'x'""",
                     """TRUNCATE "AccountActivity" """,
                 })
        {
            var error = await Assert.ThrowsAsync<Npgsql.PostgresException>(() =>
                app.ReadAsync(db => db.Database.ExecuteSqlRawAsync(sql)));
            Assert.Contains("append-only", error.Message, StringComparison.Ordinal);
        }

        // The way of retention
        await app.ReadAsync(db =>
            db.Database.ExecuteSqlAsync($"""INSERT INTO "ActivityRemovals" VALUES ({line.Id})"""));
        Assert.Equal(all.Count - 1, await app.ReadAsync(db => db.Activity.CountAsync()));
    }

    [Fact]
    public async Task Search_that_takes_long_is_run_once_more_with_the_index_of_trigrams()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var app = await SentinelCamApp.StartAsync(await PostgresServer.NewDatabaseAsync());
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var runs = 0;

        // Takes a minute as long as the search is limited
        var scans = await db.Dialect.SearchAsync(db, () =>
        {
            runs++;
            return db.Database.SqlQueryRaw<string>("""
                SELECT current_setting('enable_indexscan') || CASE current_setting('statement_timeout')
                    WHEN '300ms' THEN CAST(pg_sleep(60) AS text) ELSE '' END AS "Value"
                """).SingleAsync(Cancelled);
        });

        Assert.Equal((2, "off"), (runs, scans));
        // Other queries are not affected
        Assert.Equal("0 on", await db.Database.SqlQueryRaw<string>(
            """SELECT current_setting('statement_timeout') || ' ' || current_setting('enable_indexscan') AS "Value" """)
            .SingleAsync(Cancelled));
    }

    [Fact]
    public async Task Models_and_migrations_of_both_databases_agree()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var file = await SentinelCamApp.StartAsync();
        await using var own = await PostgresServer.StartOwnAsync();
        await using var server = await SentinelCamApp.StartAsync(await own.AddEmptyDatabaseAsync());

        foreach (var app in new[] { file, server })
        {
            Assert.False(await app.ReadAsync(db => Task.FromResult(db.Database.HasPendingModelChanges())));
            Assert.Empty(await app.ReadAsync(db => db.Database.GetPendingMigrationsAsync()));
        }
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Password=hunter2;Port=many")]
    [InlineData("Data Source=sentinelcam.db;Password=hunter2")]
    [InlineData("Password=hunter2")]
    [InlineData("Host=127.0.0.1;Port=1;Database=sentinelcam;Username=sentinelcam;Password=hunter2")]
    public async Task A_string_that_cannot_be_used_stops_the_start_without_showing_the_password(string text)
    {
        var directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
        var run = await CommandRun.OfAsync(directory, null, [("ConnectionStrings:SentinelCam", text)], "run");
        Directory.Delete(directory, recursive: true);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("ConnectionStrings:SentinelCam is ", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", run.Errors + run.Output, StringComparison.Ordinal);
    }
}

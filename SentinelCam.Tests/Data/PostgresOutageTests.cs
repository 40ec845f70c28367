using System.Diagnostics;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Snapshots;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Data;

/// <summary>PostgreSQL stops, and comes back.</summary>
public class PostgresOutageTests
{
    private const string Words = "Nobody can sign in right now: SentinelCam cannot write to its database";

    [Fact]
    public async Task Everybody_gets_503_in_the_same_words_and_later_the_site_works_without_a_restart()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var server = await PostgresServer.StartOwnAsync();
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, await server.AddDatabaseAsync());
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAcceptedAsync(1);
        using var visitor = app.Visit();
        var token = (await visitor.GetAsync("/login")).Token;
        var annsToken = (await ann.GetAsync("/settings")).Token;
        server.Stop();
        // A session that was just read is believed for a second. This form asks the database nothing else: it is not for oneself
        await Eventually.GetAsync(() => PostAsync(ann, "/admin/accounts/1?handler=ResetSecondFactor", annsToken), IsUnavailable,
            app.Log);

        foreach (var (page, forms) in await SitePages.OfAsync(app))
        {
            AssertUnavailable(page, await ann.GetAsync(page));
            foreach (var form in forms)
            {
                AssertUnavailable(form, await PostAsync(ann, form, annsToken));
                AssertUnavailable(form, await PostAsync(ann, form, annsToken, ("HX-Request", "true")));
            }
        }

        foreach (var path in new[] { "/snapshots/1", "/hangfire", "/healthz" })
            Assert.Equal((path, HttpStatusCode.ServiceUnavailable), (path, (await ann.GetAsync(path)).Status));
        // Health is looked at every three seconds
        await Eventually.GetAsync(() => visitor.GetAsync("/healthz"), answer => answer.Text == "unhealthy\n", app.Log);

        // Nobody learns which accounts there are, and nobody gets in
        foreach (var path in new[] { "/login", "/register", "/forgot_password" })
        {
            var known = await SendAsync(path, SentinelCamApp.AnnsEmail, "a wrong password");
            var unknown = await SendAsync(path, "nobody@example.org", "a wrong password");
            var right = await SendAsync(path, SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
            Assert.Equal(known.Neutral, right.Neutral);
            Assert.Equal(Without(known, SentinelCamApp.AnnsEmail), Without(unknown, "nobody@example.org"));
            Assert.Equal((path, path), (path, right.Path));
            if (path != "/forgot_password")
                AssertUnavailable(path, right);
        }

        var starting = Stopwatch.StartNew();
        await server.StartAsync();
        var started = Stopwatch.StartNew();
        await Eventually.GetAsync(
            () => ann.GetAsync("/dashboard"), answer => answer.Status is HttpStatusCode.OK, app.Log);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"First good answer {started.Elapsed.TotalSeconds:0.0} s after PostgreSQL answered again, "
            + $"{starting.Elapsed.TotalSeconds:0.0} s after it was started");
        Assert.Equal("/dashboard", (await visitor.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
        await Eventually.GetAsync(
            () => visitor.GetAsync("/healthz"), answer => answer.Status is HttpStatusCode.OK, app.Log);

        Task<WebAnswer> SendAsync(string path, string email, string password) => visitor.PostAsync(path,
        [
            new("__RequestVerificationToken", token), new("UserName", "Somebody"), new("Email", email), new("Password", password),
        ]);
    }

    [Fact]
    public async Task Mail_that_was_accepted_during_an_outage_is_recorded_later_and_not_sent_twice()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var reply = new TaskCompletionSource();
        await using var mails = ScriptedSmtpServer.Start(
            new SmtpScript().On(SmtpStage.EndOfData, new SmtpAction("250 2.0.0 queued as 4711", After: reply.Task)));
        await using var server = await PostgresServer.StartOwnAsync();
        var database = await server.AddDatabaseAsync();
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, [.. database, .. mails.Settings]);
        (await app.RegisterAnnAsync()).Dispose();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await Eventually.TrueAsync(() => mails.Messages.Count == 1, app.Log);

        server.Stop();
        reply.SetResult();
        await Eventually.TrueAsync(
            () => app.Log().Contains("The outcome of delivery 1 cannot be recorded yet", StringComparison.Ordinal), app.Log);
        await server.StartAsync();

        Assert.Equal("Accepted at try 1: 250 2.0.0 queued as 4711", await Eventually.GetAsync(
            () => PostgresServer.ReadAsync<string>(
                database, """SELECT "State" || ' at try ' || "Tries" || ': ' || coalesce("LastReply", '') FROM "Deliveries" """),
            text => !text.StartsWith("Sending", StringComparison.Ordinal), app.Log));
        Assert.Single(mails.Messages);
    }

    [Fact]
    public async Task Picture_and_strip_that_were_taken_during_an_outage_are_recorded_later()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var server = await PostgresServer.StartOwnAsync();
        var (camera, clock) = (new FakeCamera(), TestClock.AtNoon());
        await using var app = await SentinelCamApp.StartAsync(clock, services =>
        {
            Household.CheapPasswords(services);
            services.AddSingleton<ICamera>(camera);
        }, [.. await server.AddDatabaseAsync(), ("Camera:Warm", "Never")]);
        (await app.RegisterAnnAsync()).Dispose();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await Eventually.TrueAsync(() => camera.Openings == 1, app.Log);

        server.Stop();
        Send(1);
        await Eventually.TrueAsync(
            () => app.Log().Contains("The capture of entry 1 cannot be recorded yet", StringComparison.Ordinal), app.Log);
        await server.StartAsync();
        var entry = await app.WaitForAsync(
            db => db.ImageLog.AsNoTracking().Include(e => e.Snapshot).SingleAsync(),
            e => e.CaptureState != CaptureState.Waiting);
        Assert.Equal((CaptureState.Taken, 1), (entry.CaptureState, entry.CaptureTries));
        Assert.Equal(TestJpeg.Tiny(1), await ContentAsync(entry.Snapshot!));

        server.Stop();
        clock.Advance(TimeSpan.FromSeconds(0.5));
        Send(2);
        await Eventually.TrueAsync(() => camera.Sent == 2, app.Log);
        clock.Advance(TimeSpan.FromSeconds(2));
        await Eventually.TrueAsync(() => app.Log().Contains(
            $"A frame of the strip of snapshot {entry.Snapshot!.Id} cannot be recorded yet", StringComparison.Ordinal), app.Log);
        await server.StartAsync();

        var strip = await app.WaitForAsync(
            db => db.Snapshots.AsNoTracking().Where(s => s.StripOfId == entry.Snapshot!.Id).ToListAsync(), s => s.Count > 0);
        Assert.Equal(TestJpeg.Tiny(2), await ContentAsync(Assert.Single(strip)));

        void Send(int number) =>
            camera.Send(new Frame(TestJpeg.Tiny(number), 16, 16, clock.GetUtcNow(), FrameQuality.Good));

        Task<byte[]> ContentAsync(Snapshot snapshot) => app.ReadAsync(db => ((PostgresDbContext)db).PictureContents
            .Where(c => c.SnapshotId == snapshot.Id).Select(c => c.Jpeg).SingleAsync());
    }

    [Fact]
    public async Task Picture_whose_commit_fails_is_recorded_by_the_next_try()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, database);
        (await app.RegisterAnnAsync()).Dispose();
        // As if the server went away during the first commit of a picture. A sequence is not rolled back
        await PostgresServer.ReadAsync<int>(database, """
            CREATE SEQUENCE tries;
            CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('tries') = 1 THEN
                    RAISE EXCEPTION 'Going away.' USING ERRCODE = 'admin_shutdown';
                END IF;
                RETURN NULL;
            END $$;
            CREATE CONSTRAINT TRIGGER fail_once AFTER INSERT ON "Snapshots" DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION fail_once();
            SELECT 1
            """);

        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAcceptedAsync(1);

        Assert.Contains("The capture of entry 1 cannot be recorded yet", app.Log(), StringComparison.Ordinal);
        var entry = await app.ReadAsync(db => db.ImageLog.AsNoTracking().Include(e => e.Snapshot).SingleAsync());
        Assert.Equal((CaptureState.Taken, 1), (entry.CaptureState, entry.CaptureTries));
        Assert.True(await app.Services.GetRequiredService<IPictureStore>().ExistsAsync(
            entry.Snapshot!, TestContext.Current.CancellationToken));
        // Not the number of the row that was rolled back
        Assert.Equal(2, entry.Snapshot!.Id);
    }

    [Fact]
    public async Task Log_ins_to_the_device_are_kept_and_recorded_later_and_the_log_gets_no_stack_traces()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        using var spool = TestSpool.Create();
        await using var server = await PostgresServer.StartOwnAsync();
        await using var app = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, [.. spool.Settings, .. await server.AddDatabaseAsync()]);
        (await app.RegisterAnnAsync()).Dispose();
        using var visitor = app.Visit();
        server.Stop();
        await Eventually.GetAsync(() => visitor.GetAsync("/healthz"), answer => answer.Text == "unhealthy\n", app.Log);

        for (var i = 0; i < 5; i++)
            spool.Fail("login", $"user{i}");
        await Eventually.TrueAsync(
            () => app.Log().Contains("Log-ins cannot be recorded, and are read again later", StringComparison.Ordinal), app.Log);
        Assert.Equal(5, spool.Waiting.Count);
        await server.StartAsync();

        await Eventually.TrueAsync(() => spool.Waiting.Count == 0, app.Log);
        Assert.Equal(["user0", "user1", "user2", "user3", "user4"], await app.ReadAsync(db => db.LoginAttempts
            .Where(a => a.Origin == AttemptOrigin.AtDevice).Select(a => a.AccountTyped).OrderBy(name => name).ToListAsync()));
        // Some seconds without the server, and ten until the spool is read again
        var traces = app.Log().Split('\n').Count(line => line.StartsWith("   at ", StringComparison.Ordinal));
        Assert.True(traces == 0, app.Log());
    }

    private static Task<WebAnswer> PostAsync(
        WebVisitor visitor, string path, string token, params (string Name, string Value)[] headers) =>
        visitor.PostAsync(path, [new("__RequestVerificationToken", token)], headers);

    private static void AssertUnavailable(string what, WebAnswer answer)
    {
        Assert.True(IsUnavailable(answer), $"{what}: {answer.Status}, {answer.PathAndQuery}\n{answer.Main}");
        Assert.DoesNotContain("Npgsql", answer.Text, StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsUnavailable(WebAnswer answer) => answer.Status is HttpStatusCode.ServiceUnavailable
        && answer.Headers["Retry-After"] == "60" && answer.Main.Contains(Words, StringComparison.Ordinal);

    private static string Without(WebAnswer answer, string email) =>
        answer.Neutral.Replace(email, "", StringComparison.Ordinal);
}

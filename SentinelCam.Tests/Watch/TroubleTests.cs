using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Watch;

/// <summary>What stops working is told once, and once when it is over, also across restarts.</summary>
public class TroubleTests
{
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Theory]
    [InlineData(FrameQuality.Black, "The picture is black.")]
    [InlineData(FrameQuality.Uniform, "The picture is one flat colour.")]
    [InlineData(null, "The camera does not answer.")]
    public async Task Camera_that_shows_nothing_for_an_hour_is_told_once_and_once_when_it_is_over(
        FrameQuality? quality, string problem)
    {
        var camera = new SteadyCamera(_clock)
        {
            Quality = quality ?? FrameQuality.Good,
            Fault = quality is null ? CameraFaults.NoAnswer : null,
        };
        await using var app = await StartAsync(camera);
        using var ann = await app.RegisterAnnAsync();
        Assert.Equal("", await ann.BannerAsync());

        var trouble = await app.WaitForToldAsync(_clock, TroubleKind.Camera);

        Assert.True(trouble!.ToldAt - trouble.Since >= TimeSpan.FromHours(1), $"told after {trouble.ToldAt - trouble.Since}");
        Assert.Contains(problem, trouble.Problem, StringComparison.Ordinal);
        Assert.Contains($"The camera shows nothing since", await ann.BannerAsync(), StringComparison.Ordinal);
        Assert.Contains(problem, await ann.BannerAsync(), StringComparison.Ordinal);
        await app.AddAccountAsync("Bob", Household.Bobs);
        using var bob = await app.VisitAsAsync(Household.Bobs);
        Assert.Equal("", await bob.BannerAsync());
        await app.LookAsync(_clock, 14);
        await using var again = await app.StartAgainAsync(_clock, WatchedApp.With(camera), WatchedApp.Settings());
        await again.LookAsync(_clock, 14);
        Assert.Equal(["The camera shows nothing"], await again.NoticesAsync());

        (camera.Quality, camera.Fault) = (FrameQuality.Good, null);
        await again.WaitForOverAsync(_clock, TroubleKind.Camera);
        await again.LookAsync(_clock, 14);
        Assert.Equal(["The camera shows nothing", "The camera works again"], await again.NoticesAsync());
        await again.WaitForAcceptedAsync(2);
        using var later = await again.VisitAsAsync(SentinelCamApp.AnnsEmail);
        Assert.Equal("", await later.BannerAsync());
        var mail = again.Mail("The camera shows nothing (front door)");
        Assert.Contains(problem, mail.PlainOnOneLine(), StringComparison.Ordinal);
        Assert.Contains("This has been so since Tuesday, 1 January 2030 at", mail.PlainOnOneLine(), StringComparison.Ordinal);
        Assert.Equal(SentinelCamApp.AnnsEmail, mail.To.Mailboxes.Single().Address);
    }

    [Fact]
    public async Task Camera_that_is_dark_for_less_than_an_hour_or_bright_in_between_is_not_told()
    {
        var camera = new SteadyCamera(_clock) { Quality = FrameQuality.Black };
        await using var app = await StartAsync(camera);
        (await app.RegisterAnnAsync()).Dispose();
        for (var night = 0; night < 3; night++)
        {
            camera.Quality = FrameQuality.Black;
            await app.LookUntilAsync(_clock, db => db.Troubles.CountAsync(), troubles => troubles == 1);
            await app.LookAsync(_clock, 8);
            camera.Quality = FrameQuality.Good;
            await app.WaitForOverAsync(_clock, TroubleKind.Camera);
        }

        Assert.Empty(await app.NoticesAsync());
        Assert.Empty(app.Mails());
    }

    [Fact]
    public async Task Camera_that_comes_and_goes_after_it_was_told_is_not_told_again()
    {
        var camera = new SteadyCamera(_clock) { Quality = FrameQuality.Black };
        await using var app = await StartAsync(camera);
        (await app.RegisterAnnAsync()).Dispose();
        await app.WaitForToldAsync(_clock, TroubleKind.Camera);

        for (var i = 0; i < 3; i++)
        {
            camera.Quality = FrameQuality.Good;
            await SeeOnceAsync();
            camera.Quality = FrameQuality.Black;
            await SeeOnceAsync();
        }

        Assert.Equal(["The camera shows nothing"], await app.NoticesAsync());

        async Task SeeOnceAsync()
        {
            for (var openings = camera.Openings; camera.Openings == openings;)
                await app.LookAsync(_clock);
        }
    }

    [Theory]
    [InlineData("OnDemand", 4)]
    [InlineData("Never", 0)]
    public async Task Camera_is_looked_at_once_an_hour_and_closed_at_once_unless_only_captures_may_open_it(
        string warm, int openings)
    {
        var camera = new SteadyCamera(_clock);
        await using var app = await StartAsync(camera, ("Camera:Warm", warm));

        await app.LookAsync(_clock, 50);

        Assert.Equal(openings, camera.Openings);
        Assert.False(camera.IsOpen);
    }

    [Fact]
    public async Task Mails_that_are_refused_for_an_hour_are_told_on_the_pages_and_by_mail_once_they_leave()
    {
        var script = new SmtpScript().Reply(SmtpStage.Greeting, "421 4.3.2 closed for now");
        await using var server = ScriptedSmtpServer.Start(script);
        await using var app = await StartAsync(new SteadyCamera(_clock), server.Settings);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);

        var trouble = await app.WaitForToldAsync(_clock, TroubleKind.Mail);

        Assert.True(trouble!.ToldAt - trouble.Since >= TimeSpan.FromHours(1));
        Assert.Contains("The mail server accepts no emails since", await ann.BannerAsync(), StringComparison.Ordinal);
        Assert.Contains("421 4.3.2 closed for now", await ann.BannerAsync(), StringComparison.Ordinal);
        await app.LookAsync(_clock, 14);
        await using var again = await app.StartAgainAsync(
            _clock, WatchedApp.With(new SteadyCamera(_clock)), WatchedApp.Settings(server.Settings));
        await again.LookAsync(_clock, 14);
        Assert.Equal(["The mail server accepts no emails"], await again.NoticesAsync());
        Assert.Empty(server.Mails);

        script.Reply(SmtpStage.Greeting, "220 localhost back again");
        await again.WaitForOverAsync(_clock, TroubleKind.Mail);
        await again.LookUntilAsync(
            _clock, db => db.Deliveries.CountAsync(d => d.State != DeliveryState.Accepted), open => open == 0);
        await again.LookAsync(_clock, 14);
        Assert.Equal(
            ["The mail server accepts no emails (front door)", "The mail server accepts emails again (front door)"],
            server.Mails.Select(mail => mail.Subject!)
                .Where(subject => subject.StartsWith("The mail", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task One_recipient_whose_mails_are_refused_is_no_trouble_while_others_arrive()
    {
        var script = new SmtpScript().Reply(SmtpStage.RcptTo, "452 4.2.2 mailbox full");
        await using var server = ScriptedSmtpServer.Start(script);
        await using var app = await StartAsync(new SteadyCamera(_clock), server.Settings);
        (await app.RegisterAnnAsync()).Dispose();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.Tries > 0), tried => tried == 1);
        // A mail that was accepted since
        await app.ReadAsync(db =>
        {
            var now = _clock.GetUtcNow().AddMinutes(1);
            db.Add(new Delivery
            {
                Kind = MailKind.SettingsChanged,
                Recipient = Household.Bobs,
                MessageId = "other@example.org",
                State = DeliveryState.Accepted,
                CreatedAt = now,
                QueuedAt = now,
                DueAt = now,
                AcceptedAt = now,
            });
            return db.SaveChangesAsync();
        });

        await app.LookAsync(_clock, 14);

        Assert.Equal(0, await app.ReadAsync(db => db.Troubles.CountAsync()));
    }

    [Fact]
    public async Task Disk_that_is_almost_full_is_told_once_and_once_when_there_is_room_again()
    {
        var camera = new SteadyCamera(_clock);
        await using var app = await StartAsync(camera, ("Watch:MinFree", $"{1L << 50}"));
        using var ann = await app.RegisterAnnAsync();
        await app.WaitForToldAsync(_clock, TroubleKind.Disk);
        Assert.Contains("The disk is almost full since", await ann.BannerAsync(), StringComparison.Ordinal);
        await app.LookAsync(_clock, 14);
        await using var full = await app.StartAgainAsync(
            _clock, WatchedApp.With(camera), WatchedApp.Settings(("Watch:MinFree", $"{1L << 50}")));
        await full.LookAsync(_clock, 14);
        Assert.Equal(["The disk is almost full"], await full.NoticesAsync());

        // There is just enough, but not a quarter more
        var free = new DriveInfo(full.DataDirectory).AvailableFreeSpace;
        await using var tight = await full.StartAgainAsync(
            _clock, WatchedApp.With(camera), WatchedApp.Settings(("Watch:MinFree", $"{(long)(free * 0.9)}")));
        await tight.LookAsync(_clock, 14);
        Assert.Equal(["The disk is almost full"], await tight.NoticesAsync());

        await using var room = await tight.StartAgainAsync(
            _clock, WatchedApp.With(camera), WatchedApp.Settings(("Watch:MinFree", $"{1 << 20}")));
        await room.WaitForOverAsync(_clock, TroubleKind.Disk);
        await room.LookAsync(_clock, 14);
        Assert.Equal(["The disk is almost full", "There is enough disk space again"], await room.NoticesAsync());
    }

    [Fact]
    public async Task Clock_that_is_set_is_told_once_and_once_when_it_has_been_steady_for_an_hour()
    {
        // As on a device without a battery
        var wall = new SetClock(_clock, new DateTimeOffset(1970, 1, 1, 0, 5, 0, TimeSpan.Zero));
        await using var app = await SentinelCamApp.StartAsync(
            wall, WatchedApp.With(new SteadyCamera(wall)), WatchedApp.Settings());
        (await app.RegisterAnnAsync()).Dispose();
        await app.LookAsync(_clock, 1);

        wall.Set(TestClock.Noon);
        var trouble = await app.WaitForToldAsync(_clock, TroubleKind.Clock);

        Assert.Contains("The clock was set forward by", trouble!.Problem, StringComparison.Ordinal);
        await app.LookAsync(_clock, 6);
        using var ann = await app.VisitAsAsync(SentinelCamApp.AnnsEmail);
        Assert.Contains("The clock is wrong since", await ann.BannerAsync(), StringComparison.Ordinal);
        await app.WaitForOverAsync(_clock, TroubleKind.Clock);
        await app.LookAsync(_clock, 14);
        Assert.Equal(["The clock is wrong", "The clock is right again"], await app.NoticesAsync());
    }

    [Fact]
    public async Task Real_process_tells_that_its_clock_was_set_by_three_minutes()
    {
        Assert.SkipUnless(FakedClock.Library is not null, "libfaketime is not installed");
        var directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
        var clock = new FakedClock(directory);
        await clock.SetAsync("+0");
        await using (var app = SentinelCamProcess.Start(
            Path.Combine(directory, "data"), [.. WatchedApp.Settings(), .. clock.Settings]))
        {
            using var ann = new WebVisitor(await app.Address, "Tests/1.0");
            await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);

            await clock.SetAsync("+3m");
            // Within two looks of a minute each
            const string Problem = "The clock was set forward by 3 minutes";
            await Eventually.TrueAsync(
                () => app.Said.Contains(Problem, StringComparison.Ordinal), () => app.Said, patience: TimeSpan.FromMinutes(4));

            Assert.Contains(Problem, await ann.BannerAsync(), StringComparison.Ordinal);
            Assert.DoesNotContain("What was recorded since the start", app.Said, StringComparison.Ordinal);
        }

        Directory.Delete(directory, recursive: true);
    }

    /// <summary>A clock that is set while the timers run on.</summary>
    private sealed class SetClock(FakeTimeProvider timer, DateTimeOffset shows) : TimeProvider
    {
        private TimeSpan _ahead = shows - timer.GetUtcNow();

        public override long TimestampFrequency => timer.TimestampFrequency;

        public void Set(DateTimeOffset time) => _ahead = time - timer.GetUtcNow();

        public override DateTimeOffset GetUtcNow() => timer.GetUtcNow() + _ahead;

        public override long GetTimestamp() => timer.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            timer.CreateTimer(callback, state, dueTime, period);
    }

    private Task<SentinelCamApp> StartAsync(SteadyCamera camera, params (string Key, string? Value)[] settings) =>
        SentinelCamApp.StartAsync(_clock, WatchedApp.With(camera), WatchedApp.Settings(settings));
}

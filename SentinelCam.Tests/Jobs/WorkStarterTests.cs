using Hangfire;
using Hangfire.Common;
using Hangfire.States;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using MimeKit;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>What a crash left behind is done at the next start, and once.</summary>
public class WorkStarterTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly FakeTimeProvider _clock = new(Noon);

    [Fact]
    public async Task Entry_whose_job_is_lost_is_captured_and_mailed_once()
    {
        var lost = new LosesJobs();
        await using var app = await SentinelCamApp.StartAsync(_clock, Losing(lost));
        using var ann = await app.RegisterAnnAsync();
        var entryId = await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await lost.First;
        await app.StopAsync();
        foreach (var file in Directory.EnumerateFiles(app.DataDirectory, "jobs.db*"))
            File.Delete(file);

        await using var again = await app.StartAgainAsync(_clock, Household.CheapPasswords);
        await again.WaitForAcceptedAsync(1);
        _clock.AdvanceMinutes(4);
        await NothingIsLeftToDoAsync(again);

        Assert.Equal(CaptureState.Taken,
            await again.ReadAsync(db => db.ImageLog.Where(e => e.Id == entryId).Select(e => e.CaptureState).SingleAsync()));
        Assert.Equal(1, await again.ReadAsync(db => db.Snapshots.CountAsync()));
        Assert.Equal(1, await again.ReadAsync(db => db.Deliveries.CountAsync()));
        Assert.Single(Directory.GetFiles(Path.Combine(again.DataDirectory, "outbox")));
    }

    [Fact]
    public async Task While_the_app_runs_a_lost_job_is_started_again()
    {
        var lost = new LosesJobs();
        await using var app = await SentinelCamApp.StartAsync(_clock, Losing(lost));
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await lost.First;

        lost.Inner = new BackgroundJobClient(app.Services.GetRequiredService<JobStorage>());
        _clock.AdvanceMinutes(3);

        await app.WaitForAcceptedAsync(1);
        Assert.Contains("did not finish and is started again: \"its job is gone\"", app.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mail_server_that_is_slow_to_fail_does_not_fill_the_queue()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, services =>
        {
            Household.CheapPasswords(services);
            services.AddSingleton<IMailTransport, StuckTransport>();
        });
        using var ann = await app.RegisterAnnAsync();
        var annsId = await app.ReadAsync(db => db.Users.Select(a => a.Id).SingleAsync());
        await app.ReadAsync(db =>
        {
            db.Deliveries.AddRange(Enumerable.Range(0, 1_000).Select(i => new Delivery
            {
                Kind = MailKind.SettingsChanged,
                RecipientId = annsId,
                Recipient = SentinelCamApp.AnnsEmail,
                MessageId = $"{i}@example.org",
                Changes = "A line.",
                CreatedAt = Noon,
                QueuedAt = Noon,
                DueAt = Noon,
            }));
            return db.SaveChangesAsync();
        });

        _clock.AdvanceMinutes(60);

        var queue = app.Services.GetRequiredService<JobStorage>().GetMonitoringApi();
        await app.WaitForAsync(_ => Task.FromResult(queue.EnqueuedCount("mails")), count => count >= 96);
        Assert.InRange(queue.EnqueuedCount("mails"), 96, 101);
    }

    [Fact]
    public async Task Interrupted_capture_runs_again_after_a_restart()
    {
        var silent = new FakeCamera();
        await using var app = await SentinelCamApp.StartAsync(_clock, services =>
        {
            Household.CheapPasswords(services);
            services.AddSingleton<ICamera>(silent);
        });
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAsync(_ => Task.FromResult(silent.IsOpen), open => open);
        await app.StopAsync();
        foreach (var file in Directory.EnumerateFiles(app.DataDirectory, "jobs.db*"))
            File.Delete(file);

        await using var again = await app.StartAgainAsync(_clock, Household.CheapPasswords);

        await again.WaitForAcceptedAsync(1);
        Assert.Equal(1, await again.ReadAsync(db => db.Snapshots.CountAsync()));
    }

    [Fact]
    public async Task Mail_that_was_being_sent_leaves_before_all_others_after_a_restart()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        var annsId = await app.ReadAsync(db => db.Users.Select(a => a.Id).SingleAsync());
        var due = Noon.AddMinutes(1);
        await app.ReadAsync(db =>
        {
            db.Deliveries.AddRange(Enumerable.Range(0, 20).Select(i => new Delivery
            {
                Kind = MailKind.SettingsChanged,
                RecipientId = annsId,
                Recipient = SentinelCamApp.AnnsEmail,
                MessageId = $"{i}@example.org",
                Changes = "A line.",
                CreatedAt = Noon,
                QueuedAt = Noon,
                DueAt = due,
                State = i == 19 ? DeliveryState.Sending : DeliveryState.Waiting,
                SendingSince = i == 19 ? Noon : null,
            }));
            return db.SaveChangesAsync();
        });
        await app.StopAsync();
        _clock.SetUtcNow(due);

        await using var again = await app.StartAgainAsync(_clock, Household.CheapPasswords, server.Settings);
        await again.WaitForAcceptedAsync(20);

        Assert.Equal("19@example.org", server.Mails[0].MessageId);
    }

    [Fact]
    public async Task Mail_that_was_being_sent_is_sent_again_with_its_Message_ID()
    {
        await using var server = ScriptedSmtpServer.Start();
        var smtp = server.Settings;
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords, smtp);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAcceptedAsync(1);

        // As if the process had died after the message and before the server's answer was written down
        await app.ReadAsync(db => db.Deliveries.ExecuteUpdateAsync(set => set
            .SetProperty(d => d.State, DeliveryState.Sending).SetProperty(d => d.Tries, 0).SetProperty(d => d.SendingSince, Noon)
            .SetProperty(d => d.AcceptedAt, (DateTimeOffset?)null)));
        await using var again = await app.StartAgainAsync(_clock, Household.CheapPasswords, smtp);
        await again.WaitForAcceptedAsync(1);
        await NothingIsLeftToDoAsync(again);

        Assert.Equal(2, server.Messages.Count);
        var ids = server.Mails.Select(mail => mail.MessageId).ToList();
        Assert.Equal(ids[0], ids[1]);
        Assert.Equal(ids[0], await again.ReadAsync(db => db.Deliveries.Select(d => d.MessageId).SingleAsync()));
        Assert.Equal(server.Messages[0].Length, server.Messages[1].Length);
    }

    [Fact]
    public async Task Alert_that_is_overdue_at_the_start_is_closed_with_its_summary()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAcceptedAsync(1);
        await app.StopAsync();
        _clock.Advance(TimeSpan.FromHours(2));

        await using var again = await app.StartAgainAsync(_clock, Household.CheapPasswords);
        await again.WaitForAcceptedAsync(2);

        Assert.Equal([MailKind.Attempt, MailKind.Summary],
            await again.ReadAsync(db => db.Deliveries.OrderBy(d => d.Id).Select(d => d.Kind).ToListAsync()));
        Assert.Equal(0, await again.ReadAsync(db => db.Alerts.CountAsync(a => a.ClosedAt == null)));
    }

    private static async Task NothingIsLeftToDoAsync(SentinelCamApp app) => await app.WaitForAsync(
        _ => Task.FromResult(app.Services.GetRequiredService<JobStorage>().GetMonitoringApi().GetStatistics()),
        jobs => jobs is { Enqueued: 0, Processing: 0 });

    private static Action<IServiceCollection> Losing(LosesJobs jobs) => services =>
    {
        Household.CheapPasswords(services);
        services.AddSingleton<IBackgroundJobClient>(jobs);
    };

    /// <summary>Takes jobs and stores none, as if the storage had lost them, until it is given another client.</summary>
    private sealed class LosesJobs : IBackgroundJobClient
    {
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task First => _first.Task;

        public IBackgroundJobClient? Inner { get; set; }

        public string Create(Job job, IState state)
        {
            // Read first: the test sets it as soon as it hears of the first job
            var inner = Inner;
            _first.TrySetResult();
            return inner?.Create(job, state) ?? "0";
        }

        public bool ChangeState(string jobId, IState state, string? expectedState) =>
            Inner?.ChangeState(jobId, state, expectedState) ?? true;
    }

    private sealed class StuckTransport : IMailTransport
    {
        public string Description => "a server that never answers";

        public async Task<MailOutcome> SendAsync(MimeMessage message, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            throw new InvalidOperationException();
        }

        public Task<MailOutcome> TestAsync(MimeMessage message, Action<MailStep> report, CancellationToken cancellationToken) =>
            SendAsync(message, cancellationToken);
    }
}

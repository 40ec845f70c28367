using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>A mail server that replies to a message only after minutes.</summary>
public class SlowMailServerTests
{
    private const string Anns = SentinelCamApp.AnnsEmail;
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Mail_is_sent_once_to_a_server_that_accepts_it_after_nine_minutes()
    {
        var reply = new TaskCompletionSource();
        await using var server = ScriptedSmtpServer.Start(Slow(reply), new SmtpScript());
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns);
        await app.WaitForAsync(_ => Task.FromResult(server.Messages.Count), count => count == 1);

        _clock.AdvanceMinutes(9);
        Assert.Equal(DeliveryState.Sending, await app.ReadAsync(db => db.Deliveries.Select(d => d.State).SingleAsync()));
        reply.SetResult();
        await app.WaitForAcceptedAsync(1);

        Assert.Equal(1, await app.ReadAsync(db => db.Deliveries.Select(d => d.Tries).SingleAsync()));
        Assert.Single(server.Messages);
    }

    [Fact]
    public async Task Mail_without_a_reply_keeps_the_others_waiting_for_seconds_only()
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript().On(SmtpStage.EndOfData, SmtpAction.Silence), new SmtpScript());
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.AddAccountAsync("Ben", "ben@example.org");
        await app.FailToSignInAsync(Anns);
        await app.WaitForAsync(_ => Task.FromResult(server.Messages.Count), count => count == 1);

        await app.FailToSignInAsync("ben@example.org");
        await app.WaitForAsync(db => db.Deliveries.CountAsync(), count => count == 2);
        Assert.Equal(0, await app.ReadAsync(db => db.Deliveries.CountAsync(d => d.State == DeliveryState.Accepted)));
        _clock.Advance(MailTurns.Patience);

        await app.WaitForAcceptedAsync(1);
        Assert.Equal("ben@example.org", await app.ReadAsync(
            db => db.Deliveries.Where(d => d.State == DeliveryState.Accepted).Select(d => d.Recipient).SingleAsync()));
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_the_reply_and_the_mail_is_sent_again_later()
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript().On(SmtpStage.EndOfData, SmtpAction.Silence), new SmtpScript());
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns);
        await app.WaitForAsync(_ => Task.FromResult(server.Messages.Count), count => count == 1);

        var watch = Stopwatch.StartNew();
        await app.StopAsync();

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), watch.Elapsed.ToString());
        await using var again = await app.StartAgainAsync(_clock, Household.CheapPasswords, Smtp(server));
        var delivery = await again.ReadAsync(db => db.Deliveries.SingleAsync());
        Assert.Equal(
            (DeliveryState.Waiting, "SentinelCam was stopped before the server replied to the message."),
            (delivery.State, delivery.LastReply));
        _clock.AdvanceMinutes(11);
        await again.WaitForAcceptedAsync(1);
        Assert.Equal(2, server.Messages.Count);
    }

    [Fact]
    public async Task Mail_without_a_reply_is_sent_again_at_growing_intervals()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().On(SmtpStage.EndOfData, SmtpAction.HangUp));
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns);

        foreach (var (tries, minutes) in new[] { (1, 10), (2, 30), (3, 60), (4, 120), (5, 120) })
        {
            var delivery = await app.WaitForAsync(
                db => db.Deliveries.AsNoTracking().SingleOrDefaultAsync(),
                d => d is { State: DeliveryState.Waiting } && d.Tries == tries);
            Assert.Equal(TimeSpan.FromMinutes(minutes), delivery!.DueAt - _clock.GetUtcNow());
            _clock.AdvanceMinutes(minutes);
        }
    }

    private static SmtpScript Slow(TaskCompletionSource reply) =>
        new SmtpScript().On(SmtpStage.EndOfData, new SmtpAction("250 2.0.0 at last", After: reply.Task));

    private Task<SentinelCamApp> StartAsync(ScriptedSmtpServer server) =>
        SentinelCamApp.StartAsync(_clock, Household.CheapPasswords, Smtp(server));

    private static (string, string?)[] Smtp(ScriptedSmtpServer server) =>
    [
        ("Smtp:Host", "127.0.0.1"), ("Smtp:Port", $"{server.Port}"), ("Smtp:Security", "None"), ("Smtp:From", "cam@example.org"),
    ];
}

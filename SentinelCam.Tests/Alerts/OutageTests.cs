using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Alerts;

/// <summary>Days without a mail server, full disks, broken cameras.</summary>
public class OutageTests
{
    private const string Anns = SentinelCamApp.AnnsEmail;
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Three_days_without_a_mail_server_lose_no_mail_and_retries_slow_down_to_half_an_hour()
    {
        var script = new SmtpScript().Reply(SmtpStage.Greeting, "421 4.3.2 closed");
        await using var server = ScriptedSmtpServer.Start(script);
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns);

        var waits = new List<double>();
        var end = _clock.GetUtcNow().AddDays(3);
        for (var tries = 1; ; tries++)
        {
            var delivery = await app.WaitForAsync(db => db.Deliveries.AsNoTracking().SingleOrDefaultAsync(),
                d => d is { State: DeliveryState.Waiting } && d.Tries >= tries);
            waits.Add((delivery!.DueAt - _clock.GetUtcNow()).TotalSeconds);
            if (_clock.GetUtcNow() >= end)
                break;
            _clock.Sleep(tries > 9 ? TimeSpan.FromHours(4) : TimeSpan.FromSeconds(waits[^1]) + TimeSpan.FromMinutes(4));
        }

        Assert.Equal([10, 30, 60, 120, 300, 600, 1200, 1800, 1800], waits.Take(9));
        Assert.All(waits.Skip(7), wait => Assert.Equal(1800, wait));
        Assert.Empty(server.Messages);

        script.Reply(SmtpStage.Greeting, "220 localhost back again");
        _clock.AdvanceMinutes(34);
        await app.WaitForAcceptedAsync(1);
        Assert.Equal(await app.ReadAsync(db => db.Deliveries.Select(d => d.MessageId).FirstAsync()), server.Mails[0].MessageId);
    }

    [Fact]
    public async Task Mail_given_up_after_five_days_has_five_more_when_its_owner_sends_it_again()
    {
        var script = new SmtpScript().Reply(SmtpStage.Greeting, "421 4.3.2 never");
        await using var server = ScriptedSmtpServer.Start(script);
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns);
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.Tries > 0 && d.State == DeliveryState.Waiting), waiting => waiting > 0);
        await app.ReadAsync(db => db.Deliveries.ExecuteUpdateAsync(set => set.SetProperty(d => d.Tries, SendAlertJob.MinTries)));
        _clock.Sleep(SendAlertJob.GiveUpAfter + TimeSpan.FromMinutes(1));
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.State == DeliveryState.Failed), failed => failed == 1);
        using var again = await app.VisitAsAsync(Anns);
        var id = await app.ReadAsync(db => db.Deliveries.Select(d => d.Id).FirstAsync());

        await again.SubmitAsync($"/send_again/{id}", new { });
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.Id == id && d.Tries == 1 && d.State == DeliveryState.Waiting),
            waiting => waiting == 1);
        script.Reply(SmtpStage.Greeting, "220 localhost back again");
        _clock.AdvanceMinutes(4);

        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.Id == id && d.State == DeliveryState.Accepted), accepted => accepted == 1);
    }

    [Fact]
    public async Task When_the_picture_cannot_be_saved_the_mail_leaves_and_says_so()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        // A file where the year's directory should be, so that nothing can be written there
        await File.WriteAllTextAsync(
            Path.Combine(app.DataDirectory, "snapshots", "2030"), "full", TestContext.Current.CancellationToken);

        await app.FailToSignInAsync(Anns);
        await app.WaitForAcceptedAsync(1);

        var mail = Assert.Single(server.Mails);
        Assert.Empty(mail.Attachments);
        Assert.Contains("The picture could not be saved", mail.TextBody, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Crashing_camera_costs_the_picture_but_not_the_mail()
    {
        var camera = new FakeCamera();
        camera.Crash(new InvalidOperationException("broken"));
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await SentinelCamApp.StartAsync(_clock, services =>
        {
            Household.CheapPasswords(services);
            services.AddSingleton<ICamera>(camera);
        }, server.Settings);
        using var ann = await app.RegisterAnnAsync();

        await app.FailToSignInAsync(Anns);
        // The camera's time limits use the same clock
        await app.WaitForAsync(db => db.Deliveries.CountAsync(), planned => planned > 0,
            meanwhile: () => _clock.Advance(TimeSpan.FromMilliseconds(500)));
        await app.WaitForAcceptedAsync(1);
        Assert.Contains("No picture:", server.Mails[0].TextBody, StringComparison.Ordinal);
        Assert.Equal(0, await app.ReadAsync(db => db.ImageLog.CountAsync(e => e.CaptureState == CaptureState.Taken)));
    }

    private Task<SentinelCamApp> StartAsync(ScriptedSmtpServer server) =>
        SentinelCamApp.StartAsync(_clock, Household.CheapPasswords, server.Settings);
}

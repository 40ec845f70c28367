using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>The way of a mail through the whole app, to mail servers and cameras that fail.</summary>
public class SendAlertJobTests
{
    private const string Anns = SentinelCamApp.AnnsEmail;
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Theory]
    [InlineData(SmtpStage.Greeting, "421 4.3.2 try later")]
    [InlineData(SmtpStage.RcptTo, "450 4.2.0 greylisted")]
    [InlineData(SmtpStage.EndOfData, "451 4.3.0 disk full")]
    public async Task Mail_that_is_refused_for_now_waits_and_is_accepted_later(SmtpStage stage, string reply)
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().Reply(stage, reply), new SmtpScript());
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();

        await app.FailToSignInAsync(Anns);
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.Tries > 0 && d.State == DeliveryState.Waiting), waiting => waiting > 0);
        _clock.AdvanceMinutes(4);
        await app.WaitForAcceptedAsync(1);

        var delivery = await app.ReadAsync(db => db.Deliveries.SingleAsync());
        Assert.Equal(2, delivery.Tries);
        Assert.Equal("250 2.0.0 queued as 4711", delivery.LastReply);
        Assert.Contains($"Waiting\" at try 1: \"{reply}", app.Log(), StringComparison.Ordinal);
        Assert.Equal(delivery.MessageId, server.Mails[^1].MessageId);
    }

    [Fact]
    public async Task Log_page_shows_the_reply_of_the_mail_server_while_the_mail_waits()
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript().Reply(SmtpStage.RcptTo, "450 4.2.0 greylisted <b>here</b>"));
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();

        await app.FailToSignInAsync(Anns);
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.Tries > 0 && d.State == DeliveryState.Waiting), waiting => waiting > 0);

        var page = await ann.GetAsync("/userdata");
        Assert.Contains("because: 450 4.2.0 greylisted <b>here</b>", page.Main, StringComparison.Ordinal);
        Assert.Contains("450 4.2.0 greylisted", (await ann.GetAsync("/admin/mail")).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Surplus_job_does_not_send_a_mail_before_it_is_due()
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript().Reply(SmtpStage.Greeting, "421 4.3.2 try later"), new SmtpScript());
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns);
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.Tries > 0 && d.State == DeliveryState.Waiting), waiting => waiting > 0);

        var id = await app.ReadAsync(db => db.Deliveries.Select(d => d.Id).SingleAsync());
        await using (var scope = app.Services.CreateAsyncScope())
            await ActivatorUtilities.CreateInstance<SendAlertJob>(scope.ServiceProvider)
                .RunAsync(id, TestContext.Current.CancellationToken);

        Assert.Equal(1, server.Connections);
        Assert.Equal(1, await app.ReadAsync(db => db.Deliveries.Select(d => d.Tries).SingleAsync()));
    }

    [Fact]
    public async Task Mail_that_is_refused_for_good_has_failed_and_the_owner_reads_why()
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript().Reply(SmtpStage.RcptTo, "550 5.1.1 no such user here"));
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();

        await app.FailToSignInAsync(Anns);
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.State == DeliveryState.Failed), failed => failed == 1);
        _clock.AdvanceMinutes(4);

        Assert.Contains($"Alert to {Anns}: failed after 1 try: 550 5.1.1 no such user here",
            (await ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);
        Assert.Equal(1, server.Connections);
        Assert.Equal(1, await app.ReadAsync(db => db.Snapshots.CountAsync()));
    }

    [Fact]
    public async Task Mail_whose_acceptance_was_not_received_is_sent_again_with_the_same_Message_ID()
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript().On(SmtpStage.EndOfData, SmtpAction.HangUp), new SmtpScript());
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();

        await app.FailToSignInAsync(Anns);
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.Tries > 0 && d.State == DeliveryState.Waiting), waiting => waiting > 0);
        // It has probably arrived, so it waits longer than after a refusal
        var wait = await app.ReadAsync(db => db.Deliveries.Select(d => d.DueAt).SingleAsync()) - _clock.GetUtcNow();
        Assert.Equal(TimeSpan.FromMinutes(10), wait);
        _clock.AdvanceMinutes(11);
        await app.WaitForAcceptedAsync(1);

        Assert.Equal(2, server.Messages.Count);
        Assert.Equal(server.Mails[0].MessageId, server.Mails[1].MessageId);
        Assert.Equal(server.Mails[0].Date, server.Mails[1].Date);
        Assert.Single(server.Mails[1].Attachments);
    }

    [Fact]
    public async Task After_five_days_a_mail_is_given_up_and_the_picture_stays()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().Reply(SmtpStage.Greeting, "421 4.3.2 never"));
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns);
        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.Tries > 0 && d.State == DeliveryState.Waiting), waiting => waiting > 0);

        _clock.Sleep(SendAlertJob.GiveUpAfter + TimeSpan.FromMinutes(1));
        // A few more tries, in case the machine was asleep for those days
        for (var tries = 2; await app.ReadAsync(db => db.Deliveries.AnyAsync(d => d.State != DeliveryState.Failed)); tries++)
        {
            Assert.True(tries < 20, "It is never given up.");
            _clock.AdvanceMinutes(34);
            await app.WaitForAsync(
                db => db.Deliveries.CountAsync(d => d.Tries >= tries && d.State != DeliveryState.Sending), done => done == 1);
        }

        Assert.Equal(1, await app.ReadAsync(db => db.Snapshots.CountAsync()));
    }

    [Fact]
    public async Task Without_a_camera_the_mail_is_sent_at_once_and_says_why()
    {
        var camera = new FakeCamera();
        camera.Fail(new CameraFault(CaptureOutcome.NoCamera, "There is no camera", "Plug one in", Permanent: true));
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server, camera);
        using var ann = await app.RegisterAnnAsync();

        await app.FailToSignInAsync(Anns);
        await app.WaitForAcceptedAsync(1);

        var mail = Assert.Single(server.Mails);
        Assert.Empty(mail.Attachments);
        Assert.Contains("There is no camera. Plug one in.", mail.TextBody, StringComparison.Ordinal);
        Assert.Contains("wrong password", mail.TextBody, StringComparison.Ordinal);
        Assert.Contains("There is no camera. Plug one in.", (await ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);
        Assert.Equal(CaptureState.Failed, await app.ReadAsync(db => db.ImageLog.Select(e => e.CaptureState).SingleAsync()));
    }

    [Fact]
    public async Task Late_picture_follows_in_the_same_thread()
    {
        var camera = new FakeCamera();
        camera.Fail(
            new CameraFault(CaptureOutcome.Unreachable, "The camera does not answer", "Check its power", Permanent: true));
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server, camera);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns);
        await app.WaitForAcceptedAsync(1);

        // The camera is back when the capture is tried again
        _clock.Advance(TimeSpan.FromSeconds(15));
        camera.Send(TestJpeg.Good(_clock.GetUtcNow()));
        await app.WaitForAcceptedAsync(2);

        var first = server.Mails[0];
        var second = server.Mails[1];
        Assert.Empty(first.Attachments);
        Assert.Contains("The camera does not answer", first.TextBody, StringComparison.Ordinal);
        Assert.Equal(first.MessageId, second.InReplyTo);
        Assert.Single(second.Attachments);
        Assert.Equal(
            MailKind.LatePicture, await app.ReadAsync(db => db.Deliveries.OrderBy(d => d.Id).Select(d => d.Kind).LastAsync()));
        Assert.Contains("Late picture", (await ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);
    }

    private Task<SentinelCamApp> StartAsync(ScriptedSmtpServer server, ICamera? camera = null) => SentinelCamApp.StartAsync(
        _clock,
        services =>
        {
            Household.CheapPasswords(services);
            if (camera is not null)
                services.AddSingleton(camera);
        },
        server.Settings);
}

using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Alerts;

/// <summary>Proof of delivery on each entry, sending again by hand, and the banner about failed mails.</summary>
[Trait("Database", "Both")]
public class SendAgainTests
{
    private const string Anns = SentinelCamApp.AnnsEmail;
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Failed_mail_raises_a_banner_and_leaves_when_its_owner_sends_it_again()
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript().Reply(SmtpStage.RcptTo, "550 5.1.1 no such user"), new SmtpScript());
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns);
        var failed = await WaitAsync(app, d => d.State == DeliveryState.Failed);

        foreach (var page in new[] { "/dashboard", "/settings" })
            Assert.Contains("An email to you could not be delivered: 550 5.1.1 no such user", (await ann.GetAsync(page)).Main,
                StringComparison.Ordinal);
        var asked = await ann.GetAsync($"/send_again/{failed.Id}");
        Assert.Contains("failed after 1 try: 550 5.1.1 no such user", asked.Main, StringComparison.Ordinal);
        var answer = await ann.SubmitAsync(await ann.GetAsync("/dashboard"), new { }, $"/send_again/{failed.Id}");
        Assert.Contains("The email is being sent again", answer.Main, StringComparison.Ordinal);
        await app.WaitForAcceptedAsync(1);

        var log = await ann.GetAsync("/userdata");
        Assert.Contains($"sent to 127.0.0.1:{server.Port} today at ", log.Main, StringComparison.Ordinal);
        Assert.DoesNotContain("after 2 tries", log.Main, StringComparison.Ordinal);
        Assert.DoesNotContain("could not be delivered", log.Main, StringComparison.Ordinal);
        Assert.Equal(failed.MessageId, Assert.Single(server.Mails).MessageId);
    }

    [Fact]
    public async Task Removed_address_gets_no_copy()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.ReadAsync(
            db => db.Users.ExecuteUpdateAsync(set => set.SetProperty(a => a.ExtraRecipient, "second@example.org")));
        await app.FailToSignInAsync(Anns);
        await app.WaitForAcceptedAsync(2);
        await app.ReadAsync(db => db.Users.ExecuteUpdateAsync(set => set.SetProperty(a => a.ExtraRecipient, (string?)null)));
        var id = await app.ReadAsync(
            db => db.Deliveries.Where(d => d.Recipient == "second@example.org").Select(d => d.Id).SingleAsync());

        var answer = await ann.SubmitAsync(await ann.GetAsync("/userdata"), new { }, $"/send_again/{id}");

        Assert.Contains("This address no longer receives your alerts", answer.Main, StringComparison.Ordinal);
        Assert.Equal(2, await app.ReadAsync(db => db.Deliveries.CountAsync()));
    }

    [Fact]
    public async Task Double_click_makes_one_copy_with_its_own_Message_ID()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns);
        await app.WaitForAcceptedAsync(1);
        var page = await ann.GetAsync("/userdata");
        var path = page.Document.QuerySelector("form[action^='/send_again/']")!.GetAttribute("action")!;

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ann.SubmitAsync(page, new { }, path)));
        await app.WaitForAcceptedAsync(2);
        // Once more, after the copy was accepted
        answers = [.. answers, await ann.SubmitAsync(page, new { }, path)];

        Assert.All(answers, answer => Assert.Equal("/userdata", answer.Path));
        Assert.Equal(2, await app.ReadAsync(db => db.Deliveries.CountAsync()));
        Assert.Equal(2, server.Mails.Select(mail => mail.MessageId).Distinct().Count());
        Assert.Equal(2, server.Messages.Count);
        // The copy itself can be sent again
        var again = await ann.GetAsync("/userdata");
        Assert.NotEqual(
            path, Assert.Single(again.Document.QuerySelectorAll("form[action^='/send_again/']")).GetAttribute("action"));
    }

    [Fact]
    public async Task Only_the_owner_can_send_again_and_others_get_not_found()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.AddAccountAsync("Bob", Household.Bobs);
        using var bob = await app.VisitAsAsync(Household.Bobs);
        await app.FailToSignInAsync(Household.Bobs);
        await app.WaitForAcceptedAsync(1);
        var id = await app.ReadAsync(db => db.Deliveries.Select(d => d.Id).SingleAsync());
        Assert.Equal(HttpStatusCode.OK, (await bob.GetAsync($"/send_again/{id}")).Status);

        var token = (await ann.GetAsync("/settings")).Token;
        foreach (var path in new[] { $"/send_again/{id}", "/send_again/987654" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await ann.GetAsync(path)).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await ann.PostAsync(path, [new("__RequestVerificationToken", token)])).Status);
        }

        Assert.Equal(HttpStatusCode.BadRequest, (await bob.PostAsync($"/send_again/{id}", [])).Status);
        Assert.Equal(1, await app.ReadAsync(db => db.Deliveries.CountAsync()));
    }

    [Fact]
    public async Task Banner_disappears_once_acknowledged()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().Reply(SmtpStage.RcptTo, "550 5.1.1 no such user"));
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns);
        var failed = await WaitAsync(app, d => d.State == DeliveryState.Failed);

        await ann.SubmitAsync("/dashboard", new { }, $"/send_again/{failed.Id}?handler=Acknowledge");

        Assert.Null((await ann.GetAsync("/dashboard")).Document.QuerySelector("#mail-trouble"));
        Assert.Contains("failed after 1 try", (await ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_SMTP_sign_in_raises_a_banner_for_administrators_until_mails_leave_again()
    {
        var refusing = new SmtpScript { Certificate = TestCertificates.Good }.Reply(
            SmtpStage.Auth, "535 5.7.8 Username and Password not accepted");
        await using var server = ScriptedSmtpServer.Start(refusing, new SmtpScript());
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords,
            [.. server.Settings, ("Smtp:UserName", "cam@example.org"), ("Smtp:Password", "open sesame")]);
        using var ann = await app.RegisterAnnAsync();
        await app.AddAccountAsync("Bob", Household.Bobs);
        using var bob = await app.VisitAsAsync(Household.Bobs);
        await app.FailToSignInAsync(Household.Bobs);
        await WaitAsync(app, d => d.State == DeliveryState.Waiting && d.Tries == 1);

        var banner = (await ann.GetAsync("/dashboard")).Document.QuerySelector("#mail-trouble")!.TextContent;
        Assert.Contains("rejected SentinelCam's sign-in", banner, StringComparison.Ordinal);
        Assert.Contains("535 5.7.8 Username and Password not accepted", banner, StringComparison.Ordinal);
        Assert.Null((await bob.GetAsync("/dashboard")).Document.QuerySelector("#mail-trouble"));

        // Bob is told only once his mail is late
        _clock.Advance(TimeSpan.FromMinutes(4));
        await app.WaitForAcceptedAsync(1);
        Assert.Null((await ann.GetAsync("/dashboard")).Document.QuerySelector("#mail-trouble"));
    }

    [Fact]
    public async Task Owner_is_told_of_a_mail_that_waits_for_more_than_an_hour()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().Reply(SmtpStage.Greeting, "421 4.3.2 not now"));
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(Anns);
        await WaitAsync(app, d => d.State == DeliveryState.Waiting && d.Tries == 1);
        Assert.Null((await ann.GetAsync("/dashboard")).Document.QuerySelector("#mail-trouble"));

        _clock.Advance(TimeSpan.FromMinutes(61));
        await WaitAsync(app, d => d.State == DeliveryState.Waiting && d.Tries > 1);

        Assert.Contains("An email to you has been waiting since today at 12:00", (await ann.GetAsync("/dashboard")).Main,
            StringComparison.Ordinal);
    }

    private static Task<Delivery> WaitAsync(SentinelCamApp app, Func<Delivery, bool> condition) =>
        app.WaitForAsync(db => db.Deliveries.AsNoTracking().OrderBy(d => d.Id).FirstOrDefaultAsync(),
            delivery => delivery is not null && condition(delivery))!;

    private Task<SentinelCamApp> StartAsync(ScriptedSmtpServer server) =>
        SentinelCamApp.StartAsync(_clock, Household.CheapPasswords, server.Settings);
}

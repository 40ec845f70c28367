using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Accounts;

/// <summary>The address of a new account, where a mail server is set up.</summary>
public class AddressConfirmationTests
{
    private const string Victim = "victim@example.net";
    private const string Password = SentinelCamApp.Password;
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Stranger_who_registers_somebodys_address_causes_one_mail()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server, "Open");
        (await app.RegisterAnnAsync()).Dispose();
        using var stranger = app.Visit();

        for (var i = 0; i < 5; i++)
            Assert.Contains("An email with a link is on its way",
                (await stranger.RegisterAsync($"Name {i}", Victim, Password)).Main, StringComparison.Ordinal);
        for (var i = 0; i < 4; i++)
            Assert.Equal("/login", (await stranger.SignInAsync(Victim, "a wrong password")).Path);
        Assert.Equal("/login", (await stranger.SignInAsync(Victim, Password)).Path);
        await stranger.SubmitAsync("/forgot_password", new { Email = Victim });
        await app.WaitForCapturesAsync();
        _clock.AdvanceMinutes(70);
        await app.WaitForClosedAlertsAsync();
        await app.WaitForAsync(
            db => db.AccountLinks.CountAsync(l => l.Purpose == LinkPurpose.ResetPassword), links => links == 1);

        Assert.Single(await server.WaitForAsync(Victim, "Confirm your address"));
        Assert.Equal(1, await app.ReadAsync(db => db.Deliveries.CountAsync(d => d.Recipient == Victim)));
        Assert.DoesNotContain(server.Mails, mail => mail.To.Mailboxes.Any(to => to.Address == Victim)
            && !mail.Subject!.StartsWith("Confirm your address", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Confirmed_address_can_sign_in_where_registration_is_open()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server, "Open");
        using var ann = await app.RegisterAnnAsync();
        Assert.True(await app.ReadAsync(db => db.Users.Select(a => a.EmailConfirmed).SingleAsync()));
        Assert.Empty(server.Mails);
        using var bob = app.Visit();
        await bob.RegisterAsync("Bob", Household.Bobs, Password);
        var path = await LinkAsync(server);

        // Opening the link confirms nothing: mail programs do that on their own
        var form = await app.Visit().GetAsync(path);
        Assert.Equal("no-referrer", form.Headers["Referrer-Policy"]);
        Assert.Contains(Household.Bobs, form.Main, StringComparison.Ordinal);
        Assert.Equal("/login", (await bob.SignInAsync(Household.Bobs, Password)).Path);
        using var late = app.Visit();
        var lateForm = await late.GetAsync(path);
        form = await bob.GetAsync(path);
        Assert.Contains(
            "you can sign in", (await bob.SubmitAsync(form, new { }, "/confirm_address")).Main, StringComparison.Ordinal);

        Assert.Equal("/dashboard", (await bob.SignInAsync(Household.Bobs, Password)).Path);
        Assert.Equal(HttpStatusCode.NotFound, (await late.SubmitAsync(lateForm, new { }, "/confirm_address")).Status);
        Assert.Contains("has been used", (await bob.GetAsync(path)).Main, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await bob.GetAsync("/confirm_address?token=junk")).Status);
    }

    [Fact]
    public async Task Account_is_approved_only_after_its_address_is_confirmed()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server, "Approval");
        using var ann = await app.RegisterAnnAsync();
        using var bob = app.Visit();
        Assert.Contains("An administrator must then approve",
            (await bob.RegisterAsync("Bob", Household.Bobs, Password)).Main, StringComparison.Ordinal);
        var id = await app.ReadAsync(db => db.Users.Where(a => a.Email == Household.Bobs).Select(a => a.Id).SingleAsync());
        var approve = $"/admin/accounts?id={id}&handler=Approve";

        var page = await ann.GetAsync("/admin/accounts");
        Assert.Contains("address not confirmed", page.Main, StringComparison.Ordinal);
        Assert.DoesNotContain("handler=Approve", page.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound,
            (await ann.PostAsync(approve, [new("__RequestVerificationToken", page.Token)])).Status);

        var path = await LinkAsync(server);
        Assert.Contains("An administrator must approve",
            (await bob.SubmitAsync(await bob.GetAsync(path), new { }, "/confirm_address")).Main, StringComparison.Ordinal);
        Assert.Equal("/login", (await bob.SignInAsync(Household.Bobs, Password)).Path);
        Assert.Equal(HttpStatusCode.OK, (await ann.PostAsync(approve, [new("__RequestVerificationToken", page.Token)])).Status);
        Assert.Equal("/dashboard", (await bob.SignInAsync(Household.Bobs, Password)).Path);
    }

    [Theory]
    [InlineData("Open")]
    [InlineData("Approval")]
    public async Task Answer_does_not_reveal_existing_accounts(string mode)
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server, mode);
        (await app.RegisterAnnAsync()).Dispose();
        using var visitor = app.Visit();

        var fresh = await visitor.RegisterAsync("Dave", "dave@example.org", Password);
        var taken = await visitor.RegisterAsync("Dave", SentinelCamApp.AnnsEmail, Password);
        var waiting = await visitor.RegisterAsync("Dave", "dave@example.org", Password);

        foreach (var answer in new[] { taken, waiting })
            Assert.Equal((fresh.Status, fresh.Neutral), (answer.Status, answer.Neutral));
        Assert.Equal(["dave@example.org"], await app.ReadAsync(db => db.Deliveries.Select(d => d.Recipient).ToListAsync()));
        // Each wrote a row
        Assert.Equal(3, await app.ReadAsync(db => db.AccountLinks.CountAsync()));
    }

    [Fact]
    public async Task Without_a_mail_server_addresses_count_as_confirmed()
    {
        await using var app = await SentinelCamApp.StartAsync(
            _clock, Household.CheapPasswords, ("Registration:Mode", "Open"));
        (await app.RegisterAnnAsync()).Dispose();
        using var bob = app.Visit();

        Assert.Equal("/dashboard", (await bob.RegisterAsync("Bob", Household.Bobs, Password)).Path);
        Assert.True(await app.ReadAsync(db => db.Users.AllAsync(a => a.EmailConfirmed)));
        Assert.Equal(0, await app.ReadAsync(db => db.AccountLinks.CountAsync()));
    }

    [Fact]
    public async Task Unconfirmed_account_expires_and_its_link_with_it()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server, "Open");
        (await app.RegisterAnnAsync()).Dispose();
        using var bob = app.Visit();
        await bob.RegisterAsync("Bob", Household.Bobs, Password);
        var path = await LinkAsync(server);
        _clock.Sleep(WaitingRequests.Lifetime);

        Assert.Contains("has expired", (await bob.GetAsync(path)).Main, StringComparison.Ordinal);
        await bob.RegisterAsync("Bob", Household.Bobs, Password);
        Assert.Equal(2, (await server.WaitForAsync(Household.Bobs, "Confirm your address", 2)).Count);
        Assert.Equal(1, await app.ReadAsync(db => db.Users.CountAsync(a => a.Email == Household.Bobs)));
    }

    /// <summary>The path of the link in the mail to Bob.</summary>
    private static async Task<string> LinkAsync(ScriptedSmtpServer server) =>
        new Uri(MailedLink.LinkOf((await server.WaitForAsync(Household.Bobs, "Confirm your address"))[0])).PathAndQuery;

    private Task<SentinelCamApp> StartAsync(ScriptedSmtpServer server, string mode) => SentinelCamApp.StartAsync(
        _clock, Household.CheapPasswords, [("Registration:Mode", mode), .. server.Settings]);
}

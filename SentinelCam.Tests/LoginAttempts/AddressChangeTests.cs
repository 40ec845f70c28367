using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.LoginAttempts;

/// <summary>Another address for an account: asked, confirmed, undone.</summary>
[Trait("Database", "Both")]
public class AddressChangeTests
{
    private const string Old = Household.Bobs;
    private const string New = "robert@example.net";
    private const string Password = SentinelCamApp.Password;
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Address_changes_after_the_new_one_confirmed_and_the_old_one_can_undo_it()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        var id = await app.AddAccountAsync("Bob", Old);
        using var bob = await app.VisitAsAsync(Old);

        var asked = await bob.SubmitAsync("/settings/address", new { Address = $" {New} ", Password });
        Assert.Contains("The new address was asked to confirm", asked.Main, StringComparison.Ordinal);
        Assert.Contains($"wants to change the address to {New}",
            Assert.Single(await server.WaitForAsync(Old, "were changed")).PlainOnOneLine(), StringComparison.Ordinal);
        var confirm = PathOf(await server.WaitForAsync(New, "Confirm your new address"));
        var form = await app.Visit().GetAsync(confirm);
        Assert.Contains(New, form.Main, StringComparison.Ordinal);
        Assert.Equal(Old, await EmailAsync(app, id));

        // A mail that waits for its picture moves along
        await app.ReadAsync(async db =>
        {
            db.Add(new Delivery
            {
                Kind = MailKind.Manual,
                RecipientId = id,
                Recipient = Old,
                MessageId = "waits@example.org",
                DueAt = _clock.GetUtcNow().AddHours(1),
            });
            return await db.SaveChangesAsync();
        });
        using var reader = app.Visit();
        var done = await reader.SubmitAsync(await reader.GetAsync(confirm), new { }, "/confirm_address");
        Assert.Contains("Your account has this address now", done.Main, StringComparison.Ordinal);
        Assert.Equal(New, await EmailAsync(app, id));
        Assert.Equal(New, await app.ReadAsync(
            db => db.Deliveries.Where(d => d.MessageId == "waits@example.org").Select(d => d.Recipient).SingleAsync()));
        Assert.Equal(HttpStatusCode.NotFound, (await reader.GetAsync(confirm)).Status);
        using var door = app.Visit();
        Assert.Equal("/login", (await door.SignInAsync(Old, Password)).Path);
        Assert.Equal("/dashboard", (await door.SignInAsync(New, Password)).Path);

        var undo = PathOf(await server.WaitForAsync(Old, "has another address"));
        _clock.Sleep(TimeSpan.FromDays(6));
        using var again = app.Visit();
        Assert.Equal("/dashboard", (await again.SignInAsync(New, Password)).Path);
        var undoForm = await reader.GetAsync(undo);
        Assert.Equal("no-referrer", undoForm.Headers["Referrer-Policy"]);
        Assert.Equal(New, await EmailAsync(app, id));
        Assert.Contains("has its earlier address again",
            (await reader.SubmitAsync(undoForm, new { }, "/undo_address")).Main, StringComparison.Ordinal);

        Assert.Equal(Old, await EmailAsync(app, id));
        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("/login", (await again.GetAsync("/dashboard")).Path);
        Assert.Equal("/dashboard", (await again.SignInAsync(Old, Password)).Path);
        Assert.Contains("has been used", (await reader.GetAsync(undo)).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Thief_of_a_session_and_a_password_cannot_keep_the_account()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        var id = await app.AddAccountAsync("Bob", Old);
        using var thief = await app.VisitAsAsync(Old);
        using var passkey = new SoftPasskey();
        using (var byName = await app.VisitByNameAsAsync(Old))
            await app.AddPasskeyAsync(byName, passkey);
        await ChangeAsync("thief1@example.net");
        await ChangeAsync("thief2@example.net");
        await thief.SubmitAsync("/settings/security", new { Current = Password, New = "mine now, and nobody else's" });
        // The thief registers the old address to occupy it
        using var other = app.Visit();
        await other.RegisterAsync("Bob", Old, Password);
        Assert.Equal(2, await app.ReadAsync(db => db.Users.CountAsync()));

        var thiefsUndo = PathOf(await server.WaitForAsync("thief1@example.net", "has another address"));
        using var bob = app.Visit();
        var undo = PathOf(await server.WaitForAsync(Old, "has another address"));
        await bob.SubmitAsync(await bob.GetAsync(undo), new { }, "/undo_address");

        Assert.Equal(Old, await EmailAsync(app, id));
        using (var byName = app.VisitByName())
            Assert.Equal("/login", (await app.SignInAsync(byName, passkey)).Path);
        Assert.Equal(1, await app.ReadAsync(db => db.Users.CountAsync()));
        Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync(thiefsUndo)).Status);
        await bob.SubmitAsync("/forgot_password", new { Email = Old });
        var reset = PathOf(await server.WaitForAsync(Old, "Set a new password"));
        await bob.SubmitAsync(
            await bob.GetAsync(reset), new { New = "another horse, another battery" }, "/reset_password");
        Assert.Equal("/dashboard", (await bob.SignInAsync(Old, "another horse, another battery")).Path);

        async Task ChangeAsync(string address)
        {
            await thief.SubmitAsync("/settings/address", new { Address = address, Password });
            var path = PathOf(await server.WaitForAsync(address, "Confirm your new address"));
            using var reader = app.Visit();
            await reader.SubmitAsync(await reader.GetAsync(path), new { }, "/confirm_address");
            Assert.Equal(address, await EmailAsync(app, id));
        }
    }

    [Fact]
    public async Task Wrong_password_is_recorded_and_others_addresses_are_not_told()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        var id = await app.AddAccountAsync("Bob", Old);
        await app.AddAccountAsync("Eve", Household.Eves);
        using var bob = await app.VisitAsAsync(Old);

        Assert.Contains("The password is wrong",
            (await bob.SubmitAsync("/settings/address", new { Address = New, Password = "a wrong password" })).Main,
            StringComparison.Ordinal);
        Assert.Equal(1, await app.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.OwnerId == id)));
        Assert.Contains("This is your address already",
            (await bob.SubmitAsync("/settings/address", new { Address = "BOB@example.org", Password })).Main,
            StringComparison.Ordinal);
        var eves = await bob.SubmitAsync("/settings/address", new { Address = Household.Eves, Password });
        var free = await bob.SubmitAsync("/settings/address", new { Address = New, Password });
        Assert.Equal(free.Neutral, eves.Neutral);
        Assert.Single(await server.WaitForAsync(New, "Confirm your new address"));
        Assert.Equal(1, await app.ReadAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.ChangeAddress)));
    }

    [Fact]
    public async Task Links_expire_and_an_owner_can_ask_three_addresses_a_day()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        var id = await app.AddAccountAsync("Bob", Old);
        using var bob = await app.VisitAsAsync(Old);
        for (var i = 0; i < AddressChange.MaxAskedPerDay; i++)
            Assert.Contains("was asked to confirm",
                (await bob.SubmitAsync("/settings/address", new { Address = $"robert{i}@example.net", Password })).Main,
                StringComparison.Ordinal);
        Assert.Contains("Try again tomorrow",
            (await bob.SubmitAsync("/settings/address", new { Address = New, Password })).Main, StringComparison.Ordinal);

        var first = PathOf(await server.WaitForAsync("robert0@example.net", "Confirm your new address"));
        var last = PathOf(await server.WaitForAsync("robert2@example.net", "Confirm your new address"));
        using var reader = app.Visit();
        await reader.SubmitAsync(await reader.GetAsync(last), new { }, "/confirm_address");
        Assert.Equal("robert2@example.net", await EmailAsync(app, id));
        // The other requests end with it
        Assert.Equal(HttpStatusCode.NotFound, (await reader.GetAsync(first)).Status);
        var undo = PathOf(await server.WaitForAsync(Old, "has another address"));
        _clock.Sleep(AddressChange.UndoLifetime);
        Assert.Contains("has expired", (await reader.GetAsync(undo)).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_mail_server_the_address_changes_at_once()
    {
        await using var app = await SentinelCamApp.StartAsync(_clock, Household.CheapPasswords);
        var id = await app.AddAccountAsync("Bob", Old);
        await app.AddAccountAsync("Eve", Household.Eves);
        using var bob = await app.VisitAsAsync(Old);

        Assert.Contains("cannot be used",
            (await bob.SubmitAsync("/settings/address", new { Address = Household.Eves, Password })).Main,
            StringComparison.Ordinal);
        Assert.Equal(Old, await EmailAsync(app, id));
        Assert.Contains("Your address was changed",
            (await bob.SubmitAsync("/settings/address", new { Address = New, Password })).Main, StringComparison.Ordinal);
        Assert.Equal(New, await EmailAsync(app, id));
        using var again = app.Visit();
        Assert.Equal("/dashboard", (await again.SignInAsync(New, Password)).Path);
    }

    private static string PathOf(IReadOnlyList<MimeKit.MimeMessage> mails) => new Uri(MailedLink.LinkOf(mails[^1])).PathAndQuery;

    private static Task<string?> EmailAsync(SentinelCamApp app, long id) =>
        app.ReadAsync(db => db.Users.Where(a => a.Id == id).Select(a => a.Email).SingleAsync());

    private Task<SentinelCamApp> StartAsync(ScriptedSmtpServer server) =>
        SentinelCamApp.StartAsync(_clock, Household.CheapPasswords, server.Settings);
}

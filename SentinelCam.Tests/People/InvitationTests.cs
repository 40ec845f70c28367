using System.Net;
using AngleSharp.Html.Dom;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Data;
using SentinelCam.People;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.People;

/// <summary>Invitations by mail, and by links that an administrator passes on.</summary>
[Trait("Database", "Both")]
public class InvitationTests
{
    private const string ByLink = "/admin/accounts?byMail=false&handler=Invite";
    private const string ByMail = "/admin/accounts?byMail=true&handler=Invite";
    private const string Guest = "guest@example.net", Password = SentinelCamApp.Password;

    private readonly FakeTimeProvider _clock = TestClock.AtNoon();

    [Fact]
    public async Task Link_creates_one_approved_account_although_registration_is_closed()
    {
        await using var app = await StartAsync();
        using var ann = await app.RegisterAnnAsync();
        var link = await LinkAsync(ann);
        Assert.DoesNotContain(link, (await ann.GetAsync("/admin/accounts")).Text, StringComparison.Ordinal);
        using var guest = app.Visit();
        using var late = app.Visit();

        // Opening the link changes nothing: mail programs do that on their own
        var form = await guest.GetAsync(link);
        Assert.Equal("no-referrer", form.Headers["Referrer-Policy"]);
        var lateForm = await late.GetAsync(link);
        var weak = await guest.SubmitAsync(
            form, new { UserName = "Guest", Email = Guest, Password = "password1234" }, "/invitation");
        Assert.Contains("common passwords", weak.Main, StringComparison.Ordinal);
        var done = await AcceptAsync(guest, form);

        Assert.Equal("/login", done.Path);
        Assert.Contains("Your account is ready", done.Main, StringComparison.Ordinal);
        Assert.Equal("/dashboard", (await guest.SignInAsync(Guest, Password)).Path);
        Assert.Equal(HttpStatusCode.NotFound, (await AcceptAsync(late, lateForm, "late@example.net")).Status);
        Assert.Contains("has been used", (await late.GetAsync(link)).Main, StringComparison.Ordinal);
        var account = await app.ReadAsync(db => db.Users.AsNoTracking().SingleAsync(a => a.Email == Guest));
        Assert.True(account is { ApprovedAt: not null, EmailConfirmed: true, RegisteredFrom: null, Name: "Guest" });
        Assert.Equal(2, await app.ReadAsync(db => db.Users.CountAsync()));
        Assert.Equal([ActivityKind.InvitationSent, ActivityKind.InvitationUsed], await app.ReadAsync(db => db.Activity
            .Where(a => a.Kind == ActivityKind.InvitationSent || a.Kind == ActivityKind.InvitationUsed).OrderBy(a => a.Id)
            .Select(a => a.Kind).ToListAsync()));
    }

    [Fact]
    public async Task Of_many_who_use_a_link_at_once_one_gets_an_account()
    {
        await using var app = await StartAsync();
        using var ann = await app.RegisterAnnAsync();
        var link = await LinkAsync(ann);
        var guests = Enumerable.Range(0, 8).Select(_ => app.Visit()).ToList();
        var forms = await Task.WhenAll(guests.Select(guest => guest.GetAsync(link)));

        var answers = await Task.WhenAll(guests.Select((guest, i) => AcceptAsync(guest, forms[i], $"guest{i}@example.net")));

        Assert.Single(answers, answer => answer.Path == "/login");
        Assert.Equal(2, await app.ReadAsync(db => db.Users.CountAsync()));
        guests.ForEach(guest => guest.Dispose());
    }

    [Fact]
    public async Task Expired_revoked_altered_and_orphaned_links_create_nothing()
    {
        await using var app = await StartAsync();
        using var ann = await app.RegisterAnnAsync();
        using var guest = app.Visit();
        var (expired, revoked) = (await LinkAsync(ann), await LinkAsync(ann));
        var form = await guest.GetAsync(revoked);
        var page = await ann.GetAsync("/admin/accounts");
        var revoke = ActionsOf(page, "Revoke").First();
        Assert.Contains("no longer works", (await ann.SubmitAsync(page, new { }, revoke)).Main, StringComparison.Ordinal);
        Assert.Single(ActionsOf(await ann.GetAsync("/admin/accounts"), "Revoke"));

        Assert.Equal(HttpStatusCode.NotFound, (await AcceptAsync(guest, form)).Status);
        Assert.Contains("was revoked", (await guest.GetAsync(revoked)).Main, StringComparison.Ordinal);
        // Revoking it again finds nothing
        var again = await ann.PostAsync(revoke, [new("__RequestVerificationToken", page.Token)]);
        Assert.Equal(HttpStatusCode.NotFound, again.Status);

        Assert.Contains("is not complete", (await guest.GetAsync(expired[..^4] + "AAAA")).Main, StringComparison.Ordinal);
        // A link for something else
        Assert.Contains("is not complete", (await guest.GetAsync(expired.Replace("/invitation", "/reset_password",
            StringComparison.Ordinal))).Main, StringComparison.Ordinal);

        var bob = await app.AddAccountAsync("Bob", Household.Bobs);
        await InScopeAsync(app, services => services.GetRequiredService<AccountAdministration>().MakeAdministratorAsync(bob));
        var (_, orphaned) = await InScopeAsync(app, services => services.GetRequiredService<Invitations>()
            .InviteAsync(bob, null, app.Address.ToString().TrimEnd('/')));
        form = await guest.GetAsync(orphaned!);
        Assert.Equal(HttpStatusCode.OK, form.Status);
        await InScopeAsync(app, services => services.GetRequiredService<AccountAdministration>().UnmakeAdministratorAsync(bob));
        Assert.Equal(HttpStatusCode.NotFound, (await AcceptAsync(guest, form)).Status);

        form = await guest.GetAsync(expired);
        Assert.Equal(HttpStatusCode.OK, form.Status);
        _clock.Advance(Invitations.Lifetime);
        Assert.Equal(HttpStatusCode.NotFound, (await AcceptAsync(guest, form)).Status);
        Assert.Contains("has expired", (await guest.GetAsync(expired)).Main, StringComparison.Ordinal);
        Assert.Equal(2, await app.ReadAsync(db => db.Users.CountAsync()));
    }

    [Fact]
    public async Task Mailed_invitation_confirms_its_address_and_displaces_a_strangers_request_for_it()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server, "Approval");
        using var ann = await app.RegisterAnnAsync();
        using var stranger = app.Visit();
        await stranger.RegisterAsync("Stranger", Guest, "another horse, another battery");

        Assert.Contains("on its way", (await ann.SubmitAsync(
            "/admin/accounts", new { Address = "Guest@Example.net" }, ByMail)).Main, StringComparison.Ordinal);
        var mail = (await server.WaitForAsync("Guest@Example.net", "invites you"))[0];
        var first = PathOf(MailedLink.LinkOf(mail));
        // Another one replaces it, however the address is written
        await ann.SubmitAsync("/admin/accounts", new { Address = Guest }, ByMail);
        var second = PathOf(MailedLink.LinkOf((await server.WaitForAsync(Guest, "invites you"))[0]));
        using var guest = app.Visit();
        Assert.Contains("was revoked or replaced", (await guest.GetAsync(first)).Main, StringComparison.Ordinal);
        var form = await guest.GetAsync(second);
        // Another address in the form changes nothing
        Assert.Equal("/login", (await AcceptAsync(guest, form, "other@example.net")).Path);

        Assert.Equal("/dashboard", (await guest.SignInAsync(Guest, Password)).Path);
        var account = await app.ReadAsync(db => db.Users.AsNoTracking().SingleAsync(a => a.Email == Guest));
        Assert.True(account is { ApprovedAt: not null, EmailConfirmed: true, Name: "Guest" });
        Assert.Contains("has an account already",
            (await ann.SubmitAsync("/admin/accounts", new { Address = Guest }, ByMail)).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Address_that_was_typed_gets_nothing_but_a_question_before_it_has_confirmed()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await StartAsync(server);
        using var ann = await app.RegisterAnnAsync();
        using var guest = app.Visit();
        var done = await AcceptAsync(guest, await guest.GetAsync(await LinkAsync(ann)));
        Assert.Contains("nothing else is mailed there", done.Main, StringComparison.Ordinal);
        Assert.Equal("/dashboard", (await guest.SignInAsync(Guest, Password)).Path);

        using var other = app.Visit();
        await other.SignInAsync(Guest, "a wrong password");
        await app.WaitForCapturesAsync();
        await other.SubmitAsync("/forgot_password", new { Email = Guest });
        await app.WaitForAsync(
            db => db.AccountLinks.CountAsync(l => l.Purpose == LinkPurpose.ResetPassword), links => links == 1);
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d =>
            d.State == DeliveryState.Waiting || d.State == DeliveryState.Sending), open => open == 0);
        var question = Assert.Single(await server.WaitForAsync(Guest, "Confirm your address"));
        Assert.Single(server.Mails, mail => mail.To.Mailboxes.Any(to => to.Address == Guest));
        Assert.Contains(
            "approved, address not confirmed", (await ann.GetAsync("/admin/accounts")).Main, StringComparison.Ordinal);

        var confirm = await other.GetAsync(PathOf(MailedLink.LinkOf(question)));
        await other.SubmitAsync(confirm, new { }, "/confirm_address");
        _clock.AdvanceMinutes(16);
        await other.SubmitAsync("/forgot_password", new { Email = Guest });
        await server.WaitForAsync(Guest, "Set a new password");
    }

    [Fact]
    public async Task Invitation_for_an_address_with_an_account_is_used_up_and_tells_no_more()
    {
        await using var app = await StartAsync();
        using var ann = await app.RegisterAnnAsync();
        using var guest = app.Visit();
        var link = await LinkAsync(ann);

        var answer = await AcceptAsync(guest, await guest.GetAsync(link), SentinelCamApp.AnnsEmail.ToUpperInvariant());

        Assert.Contains("has an account already", answer.Main, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await guest.GetAsync(link)).Status);
        Assert.Equal(1, await app.ReadAsync(db => db.Users.CountAsync()));
    }

    [Fact]
    public async Task Open_invitations_and_their_mails_are_bounded_even_if_they_are_revoked()
    {
        await using var app = await StartAsync();
        using var ann = await app.RegisterAnnAsync();
        for (var i = 0; i < Invitations.MaxMailsPerHour; i++)
            await ann.SubmitAsync("/admin/accounts", new { Address = $"guest{i}@example.net" }, ByMail);
        var page = await ann.GetAsync("/admin/accounts");
        await ann.SubmitAsync(page, new { }, ActionsOf(page, "Revoke").First());

        Assert.Contains("were mailed within an hour",
            (await ann.SubmitAsync("/admin/accounts", new { Address = Guest }, ByMail)).Main, StringComparison.Ordinal);
        Assert.Contains("Enter an email address",
            (await ann.SubmitAsync("/admin/accounts", new { Address = " " }, ByMail)).Main, StringComparison.Ordinal);
        for (var i = Invitations.MaxMailsPerHour - 1; i < Invitations.MaxOpen; i++)
            await LinkAsync(ann);
        Assert.Contains("invitations are open already",
            (await ann.SubmitAsync("/admin/accounts", new { }, ByLink)).Main, StringComparison.Ordinal);
        Assert.Equal(Invitations.MaxMailsPerHour, await app.ReadAsync(
            db => db.Deliveries.CountAsync(d => d.Kind == MailKind.Invitation)));
    }

    private Task<SentinelCamApp> StartAsync(ScriptedSmtpServer? server = null, string registration = "Closed") =>
        SentinelCamApp.StartAsync(_clock, Household.CheapPasswords,
            [("Registration:Mode", registration), .. server is null ? [] : SmtpSettings.For(server.Port)]);

    private static async Task<string> LinkAsync(WebVisitor administrator)
    {
        var page = await administrator.SubmitAsync("/admin/accounts", new { }, ByLink);
        var input = (IHtmlInputElement?)page.Document.QuerySelector("#link");
        Assert.True(input is not null, page.Main);
        return PathOf(input.Value);
    }

    private static Task<WebAnswer> AcceptAsync(WebVisitor guest, WebAnswer form, string email = Guest) =>
        guest.SubmitAsync(form, new { UserName = "Guest", Email = email, Password }, "/invitation");

    private static string PathOf(string link) => new Uri(link).PathAndQuery;

    private static IEnumerable<string> ActionsOf(WebAnswer page, string handler) => page.Document.Forms
        .Select(form => form.GetAttribute("action") ?? "")
        .Where(action => action.Contains($"handler={handler}", StringComparison.Ordinal));

    private static async Task<T> InScopeAsync<T>(SentinelCamApp app, Func<IServiceProvider, Task<T>> action)
    {
        await using var scope = app.Services.CreateAsyncScope();
        return await action(scope.ServiceProvider);
    }
}

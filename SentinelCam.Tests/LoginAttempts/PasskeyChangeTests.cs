using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.LoginAttempts;

/// <summary>The passkeys on <c>/settings/passkeys</c>, and passkeys as a proof before sensitive changes.</summary>
public class PasskeyChangeTests(Household household) : IClassFixture<Household>
{
    private const string Page = "/settings/passkeys";
    private readonly SentinelCamApp _app = household.App;

    [Fact]
    public async Task Passkeys_are_added_named_and_removed_and_the_owner_is_told()
    {
        var id = await _app.AddAccountAsync("Abby", "abby@example.org");
        using var abby = await _app.VisitByNameAsAsync("abby@example.org");
        using var phone = new SoftPasskey();
        using var key = new SoftPasskey();

        await _app.AddPasskeyAsync(abby, phone, "  My\u202E phone <b>\n ");
        var page = await _app.AddPasskeyAsync(abby, key);
        Assert.Equal(["My phone <b>", "Tests/1.0"], NamesOn(page));
        Assert.Contains("You have 2 passkeys", (await abby.GetAsync("/settings/security")).Main, StringComparison.Ordinal);

        page = await abby.SubmitAsync(page, new { Id = IdOf(key), Name = new string('k', 200) }, $"{Page}?handler=Rename");
        Assert.Equal(PasskeyChange.MaxNameLength, NamesOn(page)[1].Length);
        page = await abby.SubmitAsync(page, new { Id = IdOf(phone) }, $"{Page}?handler=Remove");
        Assert.Contains("The passkey was removed", page.Main, StringComparison.Ordinal);
        Assert.Single(NamesOn(page));

        using var visitor = _app.VisitByName();
        Assert.Equal("/login", (await _app.SignInAsync(visitor, phone)).Path);
        Assert.Equal("/dashboard", (await _app.SignInAsync(visitor, key)).Path);
        var mails = await _app.ReadAsync(db => db.Deliveries
            .Where(d => d.RecipientId == id && d.Kind == MailKind.SettingsChanged).OrderBy(d => d.Id)
            .Select(d => d.Changes).ToListAsync());
        Assert.Equal(
            [
                "A passkey was added: My phone <b>. Whoever has it can sign in without the password.",
                "A passkey was added: Tests/1.0. Whoever has it can sign in without the password.",
                "A passkey was removed: My phone <b>. It can no longer be used to sign in.",
            ],
            mails);
        Assert.Equal(
            [
                (ActivityKind.PasskeyAdded, "My phone <b>"), (ActivityKind.PasskeyAdded, "Tests/1.0"),
                (ActivityKind.PasskeyRenamed, new string('k', PasskeyChange.MaxNameLength - 1) + "…"),
                (ActivityKind.PasskeyRemoved, "My phone <b>"),
            ],
            (await _app.ReadAsync(db => db.Activity.Where(a => a.AccountId == id).OrderBy(a => a.Id)
                .Where(a => a.Kind == ActivityKind.PasskeyAdded || a.Kind == ActivityKind.PasskeyRenamed
                    || a.Kind == ActivityKind.PasskeyRemoved)
                .ToListAsync())).Select(a => (a.Kind, a.Detail)));
    }

    [Fact]
    public async Task Account_has_twenty_passkeys_at_most_however_they_are_added()
    {
        var id = await _app.AddAccountAsync("Bert", "bert@example.org");
        using var bert = await _app.VisitByNameAsAsync("bert@example.org");
        for (var i = 0; i < PasskeyChange.MaxPerAccount - 2; i++)
        {
            using var passkey = new SoftPasskey();
            await _app.AddPasskeyAsync(bert, passkey);
        }

        var more = Enumerable.Range(0, 5).Select(_ => new SoftPasskey()).ToList();
        await Task.WhenAll(more.Select(passkey => _app.AddPasskeyAsync(bert, passkey)));

        Assert.Equal(PasskeyChange.MaxPerAccount, await _app.ReadAsync(db => db.UserPasskeys.CountAsync(p => p.UserId == id)));
        Assert.Contains("which is the most", (await bert.GetAsync(Page)).Main, StringComparison.Ordinal);
        more.ForEach(passkey => passkey.Dispose());
    }

    [Theory]
    [InlineData("another site's")]
    [InlineData("expired")]
    [InlineData("another's challenge")]
    [InlineData("another's passkey")]
    [InlineData("nothing")]
    public async Task Passkey_that_was_made_for_something_else_is_not_added(string fault)
    {
        var email = $"{fault.Replace(' ', '.').Replace('\'', '.')}@example.org";
        var id = await _app.AddAccountAsync("Cara", email);
        using var cara = await _app.VisitByNameAsAsync(email);
        using var passkey = new SoftPasskey();
        var (options, state) = await AskForNewAsync(cara);
        var page = await cara.SubmitAsync(Page, new { }, $"{Page}?handler=Add");
        switch (fault)
        {
            case "expired":
                household.Clock.Advance(TimeSpan.FromMinutes(6));
                break;
            case "another's challenge":
                using (var bob = await _app.VisitByNameAsAsync(Household.Bobs))
                    (options, state) = await AskForNewAsync(bob);
                break;
            case "another's passkey":
                using (var bob = await _app.VisitByNameAsAsync(Household.Bobs))
                    await _app.AddPasskeyAsync(bob, passkey);
                break;
        }

        var credential = fault == "nothing" ? ""
            : passkey.Create(options, fault == "another site's" ? "http://localhost:1" : _app.Origin());
        var answer = await cara.SubmitAsync(
            page, new { Name = "key", Credential = credential, CredentialState = state }, $"{Page}?handler=Save");

        Assert.Contains("The passkey was not added", answer.Main, StringComparison.Ordinal);
        Assert.Equal(0, await _app.ReadAsync(db => db.UserPasskeys.CountAsync(p => p.UserId == id)));
    }

    [Fact]
    public async Task Removed_passkey_is_not_added_again_by_a_copy_of_the_request()
    {
        var id = await _app.AddAccountAsync("Gina", "gina@example.org");
        using var gina = await _app.VisitByNameAsAsync("gina@example.org");
        using var passkey = new SoftPasskey();
        var page = await gina.SubmitAsync(Page, new { }, $"{Page}?handler=Add");
        var part = page.Document.QuerySelector(".passkey")!;
        var credential = passkey.Create(
            System.Text.Json.Nodes.JsonNode.Parse(part.GetAttribute("data-options")!)!, _app.Origin());
        var added = await SaveAsync();
        Assert.Contains("The passkey was added", added.Main, StringComparison.Ordinal);
        await gina.SubmitAsync(added, new { Id = IdOf(passkey) }, $"{Page}?handler=Remove");

        Assert.Contains("The passkey was not added", (await SaveAsync()).Main, StringComparison.Ordinal);
        Assert.Equal(0, await _app.ReadAsync(db => db.UserPasskeys.CountAsync(p => p.UserId == id)));

        Task<WebAnswer> SaveAsync() => gina.SubmitAsync(
            page, new { Name = "key", Credential = credential, CredentialState = part.GetAttribute("data-state") },
            $"{Page}?handler=Save");
    }

    [Fact]
    public async Task Other_peoples_passkeys_look_like_missing_ones()
    {
        var (_, passkey) = await _app.AddAccountWithPasskeyAsync("Dora", "dora@example.org");
        using var bob = await _app.VisitByNameAsAsync(Household.Bobs);
        foreach (var handler in new[] { "Rename", "Remove" })
        {
            foreach (var id in new[] { IdOf(passkey), "AAAA", "?", "" })
            {
                var answer = await bob.PostAsync($"{Page}?handler={handler}",
                    [new("Id", id), new("Name", "mine"), new("__RequestVerificationToken", (await bob.GetAsync(Page)).Token)]);
                Assert.Equal(HttpStatusCode.NotFound, answer.Status);
            }
        }

        passkey.Counter++;
        using var visitor = _app.VisitByName();
        Assert.Equal("/dashboard", (await _app.SignInAsync(visitor, passkey)).Path);
    }

    [Fact]
    public async Task Passkey_answers_the_question_before_a_sensitive_change_and_a_wrong_answer_is_recorded()
    {
        var (id, passkey) = await _app.AddAccountWithPasskeyAsync("Emma", "emma@example.org");
        using var emma = await _app.VisitByNameAsAsync("emma@example.org");
        emma.Proof = null;
        household.Clock.Advance(LiveSession.ProofLifetime + TimeSpan.FromSeconds(1));
        var question = await emma.SubmitAsync(
            "/settings", new { Recipient = "second@example.org" }, "/settings?handler=Recipient");
        Assert.Contains("This change needs your password or a passkey", question.Main, StringComparison.Ordinal);

        var (options, state) = await emma.AskAsync("/settings");
        passkey.Counter++;
        var wrong = await SendAsync(passkey.Answer(options, _app.Origin(), isTampered: true), state);
        Assert.Contains("The passkey was not accepted, so nothing was changed", wrong.Main, StringComparison.Ordinal);
        // A challenge for signing in does not do
        using var stranger = _app.VisitByName();
        var (others, othersState) = await stranger.AskAsync();
        var misused = await SendAsync(passkey.Answer(others, _app.Origin()), othersState);
        Assert.Contains("The passkey was not accepted", misused.Main, StringComparison.Ordinal);
        Assert.Equal([LoginOutcome.PasskeyRefused, LoginOutcome.PasskeyRefused], await _app.ReadAsync(
            db => db.LoginAttempts.Where(a => a.OwnerId == id && a.Outcome != LoginOutcome.SucceededInNewBrowser)
                .Select(a => a.Outcome).ToListAsync()));
        Assert.Null(await _app.ReadAsync(db => db.Users.Where(a => a.Id == id).Select(a => a.PendingRecipient).SingleAsync()));

        var done = await SendAsync(passkey.Answer(options, _app.Origin()), state);
        Assert.Equal("/settings", done.Path);
        Assert.Equal("second@example.org",
            await _app.ReadAsync(db => db.Users.Where(a => a.Id == id).Select(a => a.PendingRecipient).SingleAsync()));
        household.Clock.Advance(TimeSpan.FromMinutes(4));
        Assert.Contains("The second address was removed",
            (await emma.SubmitAsync("/settings", new { }, "/settings?handler=RemoveRecipient")).Main, StringComparison.Ordinal);

        Task<WebAnswer> SendAsync(string answer, string state) => emma.SubmitAsync(
            question, new { ProofPassword = "", PasskeyAnswer = answer, PasskeyState = state }, "/settings?handler=Recipient");
    }

    [Fact]
    public async Task Where_browsers_have_no_passkeys_the_pages_say_so_and_offer_none()
    {
        using var bob = await _app.VisitAsAsync(Household.Bobs);

        Assert.Contains("this address is a number", (await bob.GetAsync(Page)).Main, StringComparison.Ordinal);
        Assert.DoesNotContain("passkeys.js", (await household.Nobody.GetAsync("/login")).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await household.Nobody.PostAsync("/passkey_challenge", [],
            ("RequestVerificationToken", (await household.Nobody.GetAsync("/login")).Token))).Status);
        using var byName = _app.VisitByName();
        Assert.Contains("/passkeys.", (await byName.GetAsync("/login")).Text, StringComparison.Ordinal);
        // Without the form token
        Assert.Equal(HttpStatusCode.BadRequest, (await byName.PostAsync("/passkey_challenge", [])).Status);
    }

    [Fact]
    public async Task New_password_leaves_passkeys_and_its_mail_says_how_many_there_are()
    {
        var (id, passkey) = await _app.AddAccountWithPasskeyAsync("Fred", "fred@example.org");
        using var fred = await _app.VisitByNameAsAsync("fred@example.org");
        const string Changed = "another horse, another battery";

        await fred.SubmitAsync("/settings/security", new { Current = SentinelCamApp.Password, New = Changed });

        Assert.Contains(
            "Passkeys of the account that still work: 1.",
            await _app.ReadAsync(db => db.Deliveries.Where(d => d.RecipientId == id).OrderByDescending(d => d.Id)
                .Select(d => d.Changes).FirstAsync()),
            StringComparison.Ordinal);
        passkey.Counter++;
        using var visitor = _app.VisitByName();
        Assert.Equal("/dashboard", (await _app.SignInAsync(visitor, passkey)).Path);
    }

    private static string IdOf(SoftPasskey passkey) => System.Buffers.Text.Base64Url.EncodeToString(passkey.Id);

    private static List<string> NamesOn(WebAnswer page) =>
        [.. page.Document.QuerySelectorAll(".passkeys strong").Select(name => name.TextContent)];

    private static async Task<(System.Text.Json.Nodes.JsonNode Options, string State)> AskForNewAsync(WebVisitor visitor)
    {
        var page = await visitor.SubmitAsync(Page, new { }, $"{Page}?handler=Add");
        var part = page.Document.QuerySelector(".passkey")!;
        return (System.Text.Json.Nodes.JsonNode.Parse(part.GetAttribute("data-options")!)!, part.GetAttribute("data-state")!);
    }
}

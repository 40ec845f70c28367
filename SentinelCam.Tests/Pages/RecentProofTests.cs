using System.Net;
using AngleSharp.Html.Dom;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>Sensitive changes ask for the password again, and the answer makes the change.</summary>
public class RecentProofTests(Household household) : IClassFixture<Household>
{
    private const string Question = "This change needs your password";
    private readonly SentinelCamApp _app = household.App;

    [Theory]
    [InlineData("/settings?handler=Recipient")]
    [InlineData("/settings?handler=RemoveRecipient")]
    [InlineData("/settings/sessions?handler=End&id=1")]
    [InlineData("/settings/sessions?handler=EndSessions")]
    [InlineData("/settings/data?handler=Export")]
    [InlineData("/settings/data?handler=Delete")]
    [InlineData("/settings/passkeys?handler=Add")]
    [InlineData("/settings/passkeys?handler=Save")]
    [InlineData("/settings/passkeys?handler=Rename")]
    [InlineData("/settings/passkeys?handler=Remove")]
    [InlineData("/delete_log")]
    [InlineData("/delete_log?Q=bob")]
    [InlineData("/alerts/1?handler=Delete")]
    [InlineData("/admin/accounts?id=2&handler=Approve")]
    [InlineData("/admin/accounts?id=2&handler=Suspend")]
    [InlineData("/admin/accounts?id=2&handler=Remove")]
    [InlineData("/admin/accounts?byMail=true&handler=Invite")]
    [InlineData("/admin/accounts?id=2&handler=Revoke")]
    [InlineData("/admin/accounts/2?handler=MakeAdministrator")]
    [InlineData("/admin/accounts/2?handler=UnmakeAdministrator")]
    [InlineData("/admin/accounts/2?handler=Delete")]
    [InlineData("/admin/camera")]
    [InlineData("/admin/device?handler=Assign")]
    [InlineData("/admin/device?handler=Services")]
    [InlineData("/admin/mail?handler=Test")]
    public async Task Change_asks_for_the_password_after_five_minutes(string path)
    {
        using var ann = await _app.VisitAsAsync(SentinelCamApp.AnnsEmail);
        ann.Proof = null;
        var token = (await ann.GetAsync("/settings")).Token;
        household.Clock.Advance(LiveSession.ProofLifetime + TimeSpan.FromSeconds(1));
        var before = await StateAsync();

        var answer = await ann.PostAsync(path,
            [new("__RequestVerificationToken", token), new("Recipient", "second@example.org"), new("Ids", "1"), new("Ids", "2")]);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Contains(Question, answer.Main, StringComparison.Ordinal);
        var form = QuestionOf(answer);
        Assert.Equal(path, form.GetAttribute("action"));
        Assert.Equal("second@example.org", FieldOf(form, "Recipient"));
        Assert.Equal(2, form.QuerySelectorAll("input[name=Ids]").Length);
        Assert.Equal(before, await StateAsync());
    }

    [Fact]
    public async Task Right_password_makes_the_change_and_allows_more_for_five_minutes()
    {
        var (id, visitor) = await VisitLaterAsync("Pia", "pia@example.org");
        using var pia = visitor;

        var question = await pia.SubmitAsync(
            "/settings", new { Recipient = "second@example.org" }, "/settings?handler=Recipient");
        var done = await AnswerAsync(pia, question, SentinelCamApp.Password);

        Assert.Equal("/settings", done.Path);
        Assert.Contains("The address was asked to confirm", done.Main, StringComparison.Ordinal);
        Assert.Equal("second@example.org",
            await _app.ReadAsync(db => db.Users.Where(a => a.Id == id).Select(a => a.PendingRecipient).SingleAsync()));
        household.Clock.Advance(TimeSpan.FromMinutes(4));
        Assert.Contains("The second address was removed",
            (await pia.SubmitAsync("/settings", new { }, "/settings?handler=RemoveRecipient")).Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_password_changes_nothing_and_is_recorded_and_five_are_the_limit()
    {
        var (id, visitor) = await VisitLaterAsync("Quinn", "quinn@example.org");
        using var quinn = visitor;
        var question = await quinn.SubmitAsync(
            "/settings", new { Recipient = "second@example.org" }, "/settings?handler=Recipient");

        for (var i = 0; i < SignInPolicy.MaxFailures; i++)
        {
            var wrong = await AnswerAsync(quinn, question, "a wrong password");
            Assert.Equal(HttpStatusCode.OK, wrong.Status);
            Assert.Contains("The password is wrong", wrong.Main, StringComparison.Ordinal);
            Assert.DoesNotContain("a wrong password", wrong.Text, StringComparison.Ordinal);
            Assert.Equal("second@example.org", FieldOf(QuestionOf(wrong), "Recipient"));
            question = wrong;
        }

        var refused = await AnswerAsync(quinn, question, SentinelCamApp.Password);
        Assert.Equal((HttpStatusCode.TooManyRequests, "300"), (refused.Status, refused.Headers["Retry-After"]));
        Assert.Equal([.. Enumerable.Repeat(LoginOutcome.WrongPassword, 5), LoginOutcome.LockedOut],
            await _app.ReadAsync(
                db => db.LoginAttempts.Where(a => a.OwnerId == id).OrderBy(a => a.Id).Select(a => a.Outcome).ToListAsync()));
        Assert.Null(await _app.ReadAsync(db => db.Users.Where(a => a.Id == id).Select(a => a.PendingRecipient).SingleAsync()));

        household.Clock.Advance(SignInPolicy.LockoutTime);
        var done = await AnswerAsync(quinn, question, SentinelCamApp.Password);
        Assert.Contains("The address was asked to confirm", done.Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fragment_is_replaced_by_the_question()
    {
        using var ann = await _app.VisitAsAsync(SentinelCamApp.AnnsEmail);
        ann.Proof = null;
        household.Clock.Advance(TimeSpan.FromMinutes(6));

        var question = await ann.SubmitAsync(
            "/admin/mail", new { }, "/admin/mail?handler=Test", ("HX-Request", "true"));

        Assert.Equal("#main", question.Headers["HX-Retarget"]);
        Assert.Null(question.Document.QuerySelector("main"));
        var done = await AnswerAsync(ann, question, SentinelCamApp.Password);
        Assert.Equal("/admin/mail", done.Path);
        Assert.Contains("Test email to", done.Main, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jobs_can_only_be_read_after_five_minutes()
    {
        using var ann = await _app.VisitAsAsync(SentinelCamApp.AnnsEmail);
        var page = await ann.GetAsync("/hangfire/recurring");
        Assert.Contains("Trigger now", page.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await TriggerAsync()).Status);
        household.Clock.Advance(TimeSpan.FromMinutes(6));

        Assert.DoesNotContain("Trigger now", (await ann.GetAsync("/hangfire/recurring")).Text, StringComparison.Ordinal);
        Assert.Contains(
            (await TriggerAsync()).Status, new[] { HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden });

        Task<WebAnswer> TriggerAsync() => ann.PostAsync("/hangfire/recurring/trigger", [new("jobs[]", "none")],
            (Meta(page, "csrf-header"), Meta(page, "csrf-token")));
    }

    private static string Meta(WebAnswer page, string name) =>
        page.Document.QuerySelector($"meta[name={name}]")!.GetAttribute("content")!;

    private async Task<(long Id, WebVisitor Visitor)> VisitLaterAsync(string name, string email)
    {
        var id = await _app.AddAccountAsync(name, email);
        var visitor = await _app.VisitAsAsync(email);
        visitor.Proof = null;
        household.Clock.Advance(TimeSpan.FromMinutes(6));
        return (id, visitor);
    }

    private async Task<string> StateAsync() => string.Join('\n', await _app.ReadAsync(async db => new object?[]
    {
        await db.Users.CountAsync(a => a.PendingRecipient != null), await db.Users.CountAsync(a => a.ApprovedAt != null),
        await db.Sessions.CountAsync(s => s.EndedAt != null), await db.ImageLog.CountAsync(),
        await db.DeviceUsers.CountAsync(), await db.DeviceRules.CountAsync(), await db.CameraChoices.CountAsync(),
    }));

    private static IHtmlFormElement QuestionOf(WebAnswer answer) =>
        ((IHtmlInputElement)answer.Document.QuerySelector("input[name=ProofPassword]")!).Form!;

    private static string FieldOf(IHtmlFormElement form, string name) =>
        ((IHtmlInputElement)form.QuerySelector($"input[name={name}]")!).Value;

    private static Task<WebAnswer> AnswerAsync(WebVisitor visitor, WebAnswer question, string password) =>
        visitor.SubmitAsync(question, new { ProofPassword = password }, QuestionOf(question).GetAttribute("action"));
}

using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Accounts;

/// <summary>What an administrator can do to accounts on <c>/admin/accounts</c>.</summary>
public class AccountApprovalTests(Household household) : IClassFixture<Household>
{
    private readonly SentinelCamApp _app = household.App;

    [Fact]
    public async Task Approved_account_can_sign_in_and_a_suspended_one_is_signed_out()
    {
        var id = await _app.AddAccountAsync("Frank", "frank@example.org", approved: false);
        using var frank = _app.Visit();
        Assert.Equal("/login", (await frank.SignInAsync("frank@example.org", SentinelCamApp.Password)).Path);

        Assert.Contains("approved", (await ChangeAsync("Approve", id)).Main, StringComparison.Ordinal);
        Assert.Equal("/dashboard", (await frank.SignInAsync("frank@example.org", SentinelCamApp.Password)).Path);

        await ChangeAsync("Suspend", id);
        Assert.Equal("/login", (await frank.GetAsync("/dashboard")).Path);
        Assert.Equal("/login", (await frank.SignInAsync("frank@example.org", SentinelCamApp.Password)).Path);
    }

    [Fact]
    public async Task Removed_account_is_gone_and_its_mail_address_can_register_again()
    {
        var id = await _app.AddAccountAsync("Grace", "grace@example.org", approved: false);

        await ChangeAsync("Remove", id);

        Assert.False(await _app.ReadAsync(db => db.Users.AnyAsync(a => a.Id == id)));
        using var grace = _app.Visit();
        await grace.RegisterAsync("Grace", "grace@example.org", SentinelCamApp.Password);
        Assert.True(await _app.ReadAsync(db => db.Users.AnyAsync(a => a.Email == "grace@example.org")));
    }

    [Fact]
    public async Task Administrators_cannot_change_each_others_accounts()
    {
        var ann = await _app.ReadAsync(
            db => db.Users.Where(a => a.Email == SentinelCamApp.AnnsEmail).Select(a => a.Id).SingleAsync());
        var page = await household.Ann.GetAsync("/admin/accounts");
        var token = page.Token;

        foreach (var handler in new[] { "Approve", "Suspend", "Remove" })
        {
            var answer = await household.Ann.PostAsync(
                $"/admin/accounts?id={ann}&handler={handler}", [new("__RequestVerificationToken", token)]);
            Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        }

        Assert.True(await _app.ReadAsync(db => db.Users.AnyAsync(a => a.Id == ann && a.ApprovedAt != null)));
    }

    private async Task<WebAnswer> ChangeAsync(string handler, long id)
    {
        var page = await household.Ann.GetAsync("/admin/accounts");
        var action = page.Document.Forms.Select(form => form.GetAttribute("action") ?? "")
            .Single(action => action.Contains($"handler={handler}", StringComparison.Ordinal)
                && action.Split('?', '&').Contains($"id={id}"));
        return await household.Ann.SubmitAsync(page, new { }, action);
    }
}

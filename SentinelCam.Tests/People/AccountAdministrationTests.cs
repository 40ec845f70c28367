using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.People;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.People;

/// <summary>What an administrator can do to accounts.</summary>
[Trait("Database", "Both")]
public class AccountAdministrationTests(Household household) : IClassFixture<Household>
{
    private readonly SentinelCamApp _app = household.App;

    [Fact]
    public async Task Approved_account_can_sign_in_and_a_suspended_one_is_signed_out_and_both_are_mailed()
    {
        var id = await _app.AddAccountAsync("Frank", "frank@example.org", approved: false);
        using var frank = _app.Visit();
        Assert.Equal("/login", (await frank.SignInAsync("frank@example.org", SentinelCamApp.Password)).Path);

        Assert.Contains("approved", (await ChangeAsync("Approve", id)).Main, StringComparison.Ordinal);
        Assert.Equal("/dashboard", (await frank.SignInAsync("frank@example.org", SentinelCamApp.Password)).Path);

        await ChangeAsync("Suspend", id);
        Assert.Equal("/login", (await frank.GetAsync("/dashboard")).Path);
        Assert.Equal("/login", (await frank.SignInAsync("frank@example.org", SentinelCamApp.Password)).Path);
        // The mail about the suspension leaves, although nothing else does
        var told = await _app.WaitForAsync(
            db => db.Deliveries.Where(d => d.RecipientId == id && d.State == DeliveryState.Accepted)
                .OrderBy(d => d.Id).Select(d => d.Changes).ToListAsync(),
            mails => mails.Count == 2);
        Assert.StartsWith("The account was approved", told[0], StringComparison.Ordinal);
        Assert.StartsWith("The account was suspended", told[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lost_second_factor_is_reset_for_others_only()
    {
        var id = await _app.AddAccountAsync("Heidi", "heidi@example.org");
        using var heidi = await _app.VisitAsAsync("heidi@example.org");
        await AuthenticatorApp.TurnOnAsync(heidi, household.Clock);
        var page = $"/admin/accounts/{id}";

        var reset = await household.Ann.SubmitAsync(page, new { }, $"{page}?handler=ResetSecondFactor");

        Assert.Contains("Second factor: off", reset.Main, StringComparison.Ordinal);
        Assert.Equal("/login", (await heidi.GetAsync("/dashboard")).Path);
        Assert.Equal("/dashboard", (await heidi.SignInAsync("heidi@example.org", SentinelCamApp.Password)).Path);
        Assert.Equal("An administrator turned the second factor off. All sessions were signed out.", await _app.ReadAsync(
            db => db.Deliveries.Where(d => d.RecipientId == id && d.Kind == MailKind.SettingsChanged)
                .OrderByDescending(d => d.Id).Select(d => d.Changes).FirstAsync()));

        await AuthenticatorApp.TurnOnAsync(household.Ann, household.Clock);
        page = $"/admin/accounts/{await IdOfAsync(SentinelCamApp.AnnsEmail)}";
        var own = await household.Ann.PostAsync($"{page}?handler=ResetSecondFactor",
            [new("__RequestVerificationToken", (await household.Ann.GetAsync(page)).Token)]);
        Assert.Equal(HttpStatusCode.NotFound, own.Status);
        Assert.True(await _app.ReadAsync(db => db.Users.Where(a => a.Email == SentinelCamApp.AnnsEmail)
            .Select(a => a.TwoFactorEnabled).SingleAsync()));
    }

    [Fact]
    public async Task Removed_request_is_gone_and_its_mail_address_can_register_again()
    {
        var id = await _app.AddAccountAsync("Grace", "grace@example.org", approved: false);

        await ChangeAsync("Remove", id);

        Assert.False(await _app.ReadAsync(db => db.Users.AnyAsync(a => a.Id == id)));
        using var grace = _app.Visit();
        await grace.RegisterAsync("Grace", "grace@example.org", SentinelCamApp.Password);
        Assert.True(await _app.ReadAsync(db => db.Users.AnyAsync(a => a.Email == "grace@example.org")));
    }

    [Fact]
    public async Task Administrator_cannot_be_approved_suspended_or_removed_and_an_account_in_use_not_removed()
    {
        var ann = await IdOfAsync(SentinelCamApp.AnnsEmail);
        var token = (await household.Ann.GetAsync("/admin/accounts")).Token;

        foreach (var path in new[] { "Approve", "Suspend", "Remove" }
            .Select(handler => $"/admin/accounts?id={ann}&handler={handler}")
            .Append($"/admin/accounts?id={await IdOfAsync(Household.Bobs)}&handler=Remove")
            .Append($"/admin/accounts/{await IdOfAsync(Household.Carols)}?handler=MakeAdministrator")
            .Append("/admin/accounts/987654?handler=MakeAdministrator").Append("/admin/accounts/987654?handler=Delete"))
        {
            var answer = await household.Ann.PostAsync(path, [new("__RequestVerificationToken", token)]);
            Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        }

        Assert.True(await _app.ReadAsync(db => db.Users.AnyAsync(a => a.Id == ann && a.ApprovedAt != null)));
    }

    [Fact]
    public async Task New_administrator_has_the_rights_at_once_and_loses_them_at_once_in_open_pages()
    {
        var id = await _app.AddAccountAsync("Hugo", "hugo@example.org");
        using var hugo = await _app.VisitAsAsync("hugo@example.org");
        Assert.Equal(HttpStatusCode.Forbidden, (await hugo.GetAsync("/admin/accounts")).Status);
        await RightsAsync(id, "MakeAdministrator");
        var open = await hugo.GetAsync("/admin/accounts");
        Assert.Equal(HttpStatusCode.OK, open.Status);
        await using var events = await EventStream.OpenAsync(hugo, "/dashboard/events");
        Assert.Equal("open", await events.NextAsync());

        await RightsAsync(id, "UnmakeAdministrator");

        Assert.Equal(HttpStatusCode.Forbidden, (await hugo.GetAsync("/admin/accounts")).Status);
        // The form of a page that is still open
        var answer = await hugo.PostAsync($"/admin/accounts?id={id}&handler=Approve",
            [new("__RequestVerificationToken", open.Token)]);
        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await hugo.GetAsync("/hangfire")).Status);
        await events.UntilEndAsync();
        Assert.Equal("/dashboard", (await hugo.GetAsync("/dashboard")).Path);
        Assert.Equal(2, await _app.ReadAsync(
            db => db.Deliveries.CountAsync(d => d.RecipientId == id && d.Kind == MailKind.AccountChanged)));
    }

    [Fact]
    public async Task Last_administrator_keeps_the_rights()
    {
        var ann = await IdOfAsync(SentinelCamApp.AnnsEmail);

        var answer = await RightsAsync(ann, "UnmakeAdministrator");

        Assert.Contains("This is the only administrator", answer.Main, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await household.Ann.GetAsync("/admin/accounts")).Status);
    }

    [Fact]
    public async Task Of_two_administrators_who_unmake_each_other_at_once_one_remains()
    {
        var ann = await IdOfAsync(SentinelCamApp.AnnsEmail);
        var ivy = await _app.AddAccountAsync("Ivy", "ivy@example.org");
        for (var round = 0; round < 20; round++)
        {
            Assert.Equal(AdministrationOutcome.Done, await InScopeAsync(a => a.MakeAdministratorAsync(ivy)));

            var outcomes = await Task.WhenAll(new[] { ann, ivy }.Select(id =>
                Task.Run(() => InScopeAsync(a => a.UnmakeAdministratorAsync(id)))));

            Assert.Equal([AdministrationOutcome.Done, AdministrationOutcome.LastAdministrator], outcomes.Order());
            Assert.Equal(1, await _app.ReadAsync(db => db.Administrators().CountAsync()));
            if (outcomes[0] is AdministrationOutcome.Done)
            {
                await InScopeAsync(a => a.MakeAdministratorAsync(ann));
                await InScopeAsync(a => a.UnmakeAdministratorAsync(ivy));
            }
        }
    }

    [Fact]
    public async Task Last_use_is_known_after_the_rows_of_sessions_are_gone()
    {
        var id = await _app.AddAccountAsync("Jim", "jim@example.org");
        Assert.Null(await LastUsedAsync());
        using var jim = await _app.VisitAsAsync("jim@example.org");
        var signedIn = household.Clock.GetUtcNow();
        Assert.Equal(signedIn, await LastUsedAsync());

        await _app.ReadAsync(db => db.Sessions.Where(s => s.AccountId == id).ExecuteUpdateAsync(
            set => set.SetProperty(s => s.LastSeenAt, signedIn.AddHours(2))));
        Assert.Equal(signedIn.AddHours(2), await LastUsedAsync());

        await _app.ReadAsync(db => db.Sessions.Where(s => s.AccountId == id).ExecuteDeleteAsync());
        Assert.Equal(signedIn, await LastUsedAsync());
        Assert.Contains("Last used", (await household.Ann.GetAsync($"/admin/accounts/{id}")).Main, StringComparison.Ordinal);

        Task<DateTimeOffset?> LastUsedAsync() => InScopeAsync(async a => (await a.FindAsync(id))!.LastUsedAt);
    }

    private async Task<T> InScopeAsync<T>(Func<AccountAdministration, Task<T>> action)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        return await action(scope.ServiceProvider.GetRequiredService<AccountAdministration>());
    }

    private Task<long> IdOfAsync(string email) =>
        _app.ReadAsync(db => db.Users.Where(a => a.Email == email).Select(a => a.Id).SingleAsync());

    private Task<WebAnswer> RightsAsync(long id, string handler) => household.Ann.SubmitAsync(
        $"/admin/accounts/{id}", new { }, $"/admin/accounts/{id}?handler={handler}");

    private async Task<WebAnswer> ChangeAsync(string handler, long id)
    {
        var page = await household.Ann.GetAsync("/admin/accounts");
        var action = page.Document.Forms.Select(form => form.GetAttribute("action") ?? "")
            .Single(action => action.Contains($"handler={handler}", StringComparison.Ordinal)
                && action.Split('?', '&').Contains($"id={id}"));
        return await household.Ann.SubmitAsync(page, new { }, action);
    }
}

using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.People;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>All accounts, and the invitations to have one.</summary>
public sealed class AccountsModel(
    SentinelCamDbContext db, AccountAdministration administration, Invitations invitations, RegistrationOptions options,
    SmtpOptions smtp, SiteOptions site) : PageModel
{
    /// <summary>Whom to invite by mail; empty for a link.</summary>
    [BindProperty]
    public string? Address { get; set; }

    /// <summary>The link of a new invitation, which is shown once; otherwise null.</summary>
    public string? Link { get; private set; }

    public RegistrationMode Mode => options.Mode;

    /// <summary>Whether new owners confirm their addresses. Without a mail server nobody can.</summary>
    public bool AreAddressesConfirmed => smtp.Host is not null;

    public string ModeInWords => Mode switch
    {
        RegistrationMode.Open when AreAddressesConfirmed => "Anyone can register and sign in once the address is confirmed.",
        RegistrationMode.Open => "Anyone can register and sign in at once.",
        RegistrationMode.Approval => "Anyone can register. You approve each account here.",
        _ => "Nobody can register without an invitation.",
    };

    /// <summary>Who must have a second factor.</summary>
    public SecondFactorDemand Demand { get; private set; }

    public IReadOnlyList<AccountOverview> Rows { get; private set; } = [];

    public IReadOnlyList<OpenInvitation> Open { get; private set; } = [];

    public async Task<IActionResult> OnGetAsync()
    {
        Demand = await db.SecondFactorDemandAsync();
        Rows = await administration.ListAsync();
        Open = await invitations.ListAsync();
        return Page();
    }

    public async Task<IActionResult> OnPostInviteAsync(bool byMail)
    {
        if (byMail && string.IsNullOrWhiteSpace(Address))
            return await RefuseAsync(AddressWanted);
        var (outcome, link) = await invitations.InviteAsync(
            Viewer.Of(User).Id, byMail ? Address : null, site.AddressFor(HttpContext));
        switch (outcome)
        {
            case InvitationOutcome.Invited when link is null:
                return Done("The invitation is on its way.");
            case InvitationOutcome.Invited:
                // Not after a redirect: nothing but this answer ever contains it
                Link = link;
                return await OnGetAsync();
            case InvitationOutcome.NoAddress:
                return await RefuseAsync(AddressWanted);
            case InvitationOutcome.HasAccount:
                return await RefuseAsync("This address has an account already.");
            case InvitationOutcome.TooManyOpen:
                return await RefuseAsync(
                    $"{Invitations.MaxOpen} invitations are open already. Revoke one, or wait until one is used or expires.");
            default:
                return await RefuseAsync(
                    $"{Invitations.MaxMailsPerHour} invitations were mailed within an hour. Try again later, or pass a link on.");
        }
    }

    public async Task<IActionResult> OnPostRevokeAsync(long id) =>
        await invitations.RevokeAsync(id) ? Done("The invitation no longer works.") : NotFound();

    public async Task<IActionResult> OnPostApproveAsync(long id) =>
        Answer(await administration.ApproveAsync(id), "The account was approved. Its owner gets an email.");

    public async Task<IActionResult> OnPostSuspendAsync(long id) =>
        Answer(await administration.SuspendAsync(id), "The account was suspended and signed out. Its owner gets an email.");

    public async Task<IActionResult> OnPostRemoveAsync(long id) =>
        Answer(await administration.RemoveRequestAsync(id), "The request was removed.");

    private static string AddressWanted =>
        $"Enter an email address such as name@example.org, at most {Registration.MaxEmailLength} characters.";

    private async Task<IActionResult> RefuseAsync(string problem)
    {
        Address = VisitorText.Clean(Address, Registration.MaxEmailLength);
        ModelState.AddModelError(nameof(Address), problem);
        return await OnGetAsync();
    }

    private IActionResult Answer(AdministrationOutcome outcome, string notice) =>
        outcome is AdministrationOutcome.Done ? Done(notice) : NotFound();

    private LocalRedirectResult Done(string notice)
    {
        TempData["Notice"] = notice;
        return LocalRedirect("/admin/accounts");
    }
}

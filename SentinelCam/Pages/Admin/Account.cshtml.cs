using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.People;

namespace SentinelCam.Pages;

/// <summary>One account, with what is done seldom or cannot be undone.</summary>
public sealed class AccountModel(
    AccountAdministration administration, AccountDeletion deletion, DeletionOptions options, SignInManager<Account> signIn)
    : PageModel
{
    private const string LastAdministrator =
        "This is the only administrator. Make somebody else an administrator first: otherwise nobody could manage this site.";

    [BindProperty(SupportsGet = true)]
    public long Id { get; set; }

    /// <summary>The account's address, typed to confirm that it is to be deleted.</summary>
    [BindProperty]
    public string? Address { get; set; }

    public AccountOverview Account { get; private set; } = null!;

    public string AttemptsInWords => DeletionWords.Attempts(options);

    public async Task<IActionResult> OnGetAsync()
    {
        if (await administration.FindAsync(Id) is not { } account)
            return NotFound();
        Account = account;
        return Page();
    }

    public async Task<IActionResult> OnPostMakeAdministratorAsync() => await AnswerAsync(
        await administration.MakeAdministratorAsync(Id), "The account is an administrator's now. Its owner gets an email.");

    public async Task<IActionResult> OnPostUnmakeAdministratorAsync()
    {
        var outcome = await administration.UnmakeAdministratorAsync(Id);
        if (outcome is AdministrationOutcome.Done && Id == Viewer.Of(User).Id)
        {
            TempData["Notice"] = "You are no longer an administrator.";
            return LocalRedirect("/dashboard");
        }

        return await AnswerAsync(outcome, "The account is no longer an administrator's. Its owner gets an email.");
    }

    /// <summary>Not one's own, which takes a code: otherwise a stolen session and the password would get rid of it.</summary>
    public async Task<IActionResult> OnPostResetSecondFactorAsync() => Id == Viewer.Of(User).Id
        ? NotFound()
        : await AnswerAsync(
            await administration.ResetSecondFactorAsync(Id), "The second factor is off. The owner gets an email.");

    public async Task<IActionResult> OnPostDeleteAsync()
    {
        var isOwn = Id == Viewer.Of(User).Id;
        switch (await deletion.DeleteAsync(Id, Address, isOwn))
        {
            case DeletionOutcome.Deleted or DeletionOutcome.Begun when isOwn:
                await signIn.SignOutAsync();
                TempData["Notice"] = DeletionWords.Own;
                return LocalRedirect("/login");
            case DeletionOutcome.Deleted:
                return Done("The account was deleted.", "/admin/accounts");
            case DeletionOutcome.Begun:
                return Done(DeletionWords.Begun, "/admin/accounts");
            case DeletionOutcome.OtherAddress:
                return await RefuseAsync(nameof(Address), DeletionWords.OtherAddress);
            case DeletionOutcome.LastAdministrator:
                return await RefuseAsync("", LastAdministrator);
            default:
                return NotFound();
        }
    }

    private async Task<IActionResult> AnswerAsync(AdministrationOutcome outcome, string notice) => outcome switch
    {
        AdministrationOutcome.Done => Done(notice, $"/admin/accounts/{Id}"),
        AdministrationOutcome.LastAdministrator => await RefuseAsync("", LastAdministrator),
        _ => NotFound(),
    };

    private Task<IActionResult> RefuseAsync(string field, string problem)
    {
        ModelState.AddModelError(field, problem);
        return OnGetAsync();
    }

    private LocalRedirectResult Done(string notice, string page)
    {
        TempData["Notice"] = notice;
        return LocalRedirect(page);
    }
}

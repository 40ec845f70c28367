using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;

namespace SentinelCam.Pages;

/// <summary>The browsers that are signed in to the viewer's account.</summary>
public sealed class SessionsModel(
    UserManager<Account> accounts, SignInManager<Account> signIn, PasswordChange passwords, LiveUpdates live) : PageModel
{
    public string? Email { get; private set; }

    public Task<IActionResult> OnGetAsync() => this.ForAccountAsync(accounts, account => Show(account));

    /// <summary>A request with an unknown handler changes nothing.</summary>
    public IActionResult OnPost() => LocalRedirect("/settings/sessions");

    public Task<IActionResult> OnPostEndSessionsAsync() => this.ForAccountAsync(accounts, async account =>
    {
        if (!await passwords.EndOtherSessionsAsync(account))
        {
            ModelState.AddModelError("", "Your account was changed somewhere else at the same moment. Try again.");
            return Show(account);
        }

        await signIn.RefreshSignInAsync(account);
        live.End(account.Id);
        TempData["Notice"] = "All other browsers will be signed out within a minute.";
        return LocalRedirect("/settings/sessions");
    });

    private PageResult Show(Account account)
    {
        Email = account.Email;
        return Page();
    }
}

using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>The viewer's password.</summary>
public sealed class SecurityModel(
    UserManager<Account> accounts, SignInManager<Account> signIn, PasswordChange passwords) : PageModel
{
    // A password may consist of spaces only
    [BindProperty, DisplayFormat(ConvertEmptyStringToNull = false)]
    public string? Current { get; set; }

    [BindProperty, DisplayFormat(ConvertEmptyStringToNull = false)]
    public string? New { get; set; }

    public string? Email { get; private set; }

    public bool HasFactor { get; private set; }

    /// <summary>How strong the new password was; null if none was judged.</summary>
    public int? Strength { get; private set; }

    public Task<IActionResult> OnGetAsync() => this.ForAccountAsync(accounts, account => Show(account));

    public Task<IActionResult> OnPostAsync() => this.ForAccountAsync(accounts, async account =>
    {
        var opinion = PasswordPolicy.Judge(New, account.Name, account.Email);
        Strength = opinion.Score;
        if (opinion.Problem is not null)
            return Show(account, nameof(New), opinion.Problem);

        switch (await passwords.ChangeAsync(
                account, HttpContext.CurrentSession(), Current ?? "", New!, Visitor.Of(HttpContext)))
        {
            case PasswordChangeOutcome.Changed:
                await signIn.SignInAsync(account, isPersistent: false);
                TempData["Notice"] = "Your password was changed.";
                return LocalRedirect("/settings/security");
            case PasswordChangeOutcome.WrongPassword:
                return Show(account, nameof(Current),
                    "The current password is wrong, so nothing was changed. The failure is recorded like a failed sign-in.");
            case PasswordChangeOutcome.TooManyWrong:
                Response.SayTooManyWrong();
                return Show(account, nameof(Current), RateLimits.TooManyWrong);
            case PasswordChangeOutcome.TooBusy:
                Response.SayTooBusy();
                return Show(account, "", "Too many passwords wait to be checked right now, so nothing was changed. "
                    + "Try again in a few seconds.");
            case PasswordChangeOutcome.NotRecorded:
                Response.SayUnavailable();
                return Show(account, "", Unavailable.Advice);
            default:
                return Show(account, "", "Your account was changed somewhere else at the same moment. Try again.");
        }
    });

    private PageResult Show(Account account, string field = "", string? problem = null)
    {
        (Email, HasFactor) = (account.Email, account.TwoFactorEnabled);
        if (problem is not null)
            ModelState.AddModelError(field, problem);
        return Page();
    }
}

using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Mail;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>The viewer's mail address.</summary>
public sealed class AddressModel(
    UserManager<Account> accounts, AddressChange change, SmtpOptions smtp, SiteOptions site) : PageModel
{
    [BindProperty]
    public string? Address { get; set; }

    // A password may consist of spaces only
    [BindProperty, DisplayFormat(ConvertEmptyStringToNull = false)]
    public string? Password { get; set; }

    public string? Current { get; private set; }

    /// <summary>Whether the new address can confirm.</summary>
    public bool CanMail => smtp.Host is not null;

    public Task<IActionResult> OnGetAsync() => this.ForAccountAsync(accounts, account => Show(account));

    public Task<IActionResult> OnPostAsync() => this.ForAccountAsync(accounts, async account =>
    {
        switch (await change.AskAsync(account, HttpContext.CurrentSession(), Address, Password ?? "",
            site.AddressFor(HttpContext), Visitor.Of(HttpContext)))
        {
            case AddressChangeOutcome.Asked:
                return Done("The new address was asked to confirm. Your account keeps its present address until then.");
            case AddressChangeOutcome.Changed:
                return Done("Your address was changed. Sign in with the new one from now on.");
            case AddressChangeOutcome.NoAddress:
                return Show(account, nameof(Address),
                    $"Enter an email address such as name@example.org, at most {Registration.MaxEmailLength} characters.");
            case AddressChangeOutcome.SameAddress:
                return Show(account, nameof(Address), "This is your address already. Enter another one.");
            case AddressChangeOutcome.Taken:
                return Show(account, nameof(Address), "This email address cannot be used. Enter another one.");
            case AddressChangeOutcome.TooMany:
                return Show(account, nameof(Address),
                    $"You have asked {AddressChange.MaxAskedPerDay} addresses within a day. Try again tomorrow.");
            case AddressChangeOutcome.WrongPassword:
                return Show(account, nameof(Password),
                    "The password is wrong, so nothing was changed. The failure is recorded like a failed sign-in.");
            case AddressChangeOutcome.TooManyWrong:
                Response.SayTooManyWrong();
                return Show(account, nameof(Password), RateLimits.TooManyWrong);
            case AddressChangeOutcome.TooBusy:
                Response.SayTooBusy();
                return Show(account, "", "Too many passwords wait to be checked right now, so nothing was changed. "
                    + "Try again in a few seconds.");
            default:
                Response.SayUnavailable();
                return Show(account, "", Unavailable.Advice);
        }
    });

    private LocalRedirectResult Done(string notice)
    {
        TempData["Notice"] = notice;
        return LocalRedirect("/settings/address");
    }

    private PageResult Show(Account account, string field = "", string? problem = null)
    {
        Current = account.Email;
        Address = VisitorText.Clean(Address, Registration.MaxEmailLength);
        if (problem is not null)
            ModelState.AddModelError(field, problem);
        return Page();
    }
}

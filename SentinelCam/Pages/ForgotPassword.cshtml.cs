using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.LoginAttempts;
using SentinelCam.Mail;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>
/// Mails a link to somebody who has forgotten the password. The answer does not depend on whether there is an account.
/// </summary>
public sealed class ForgotPasswordModel(
    ForgottenPasswords forgotten, FormLimits limits, SmtpOptions smtp, SiteOptions site) : PageModel
{
    [BindProperty]
    public string? Email { get; set; }

    /// <summary>Whether a mail can reach anybody. Without a mail server, the link would lie in the outbox.</summary>
    public bool CanMail => smtp.Host is not null;

    public bool IsAsked { get; private set; }

    public IActionResult OnPost()
    {
        if (!CanMail)
            return Page();
        if (limits.RefuseForgotten(this) is { } refusal)
            return refusal;
        if (!Registration.IsMailAddress(Email?.Trim()))
        {
            ModelState.AddModelError(nameof(Email), "Enter the email address of your account, such as name@example.org.");
            return Page();
        }

        forgotten.Add(Email!.Trim(), site.AddressFor(HttpContext), Visitor.Of(HttpContext));
        IsAsked = true;
        return Page();
    }
}

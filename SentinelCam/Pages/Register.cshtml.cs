using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

[EnableRateLimiting(RateLimits.Register)]
public sealed class RegisterModel(
    Registration registration, RegistrationOptions options, AddressConfirmation confirmation, SmtpOptions smtp, SiteOptions site,
    UserManager<Account> accounts, SignInManager<Account> signIn) : PageModel
{
    [BindProperty]
    public string? UserName { get; set; }

    [BindProperty]
    public string? Email { get; set; }

    // A password may consist of spaces only
    [BindProperty, DisplayFormat(ConvertEmptyStringToNull = false)]
    public string? Password { get; set; }

    [BindProperty]
    public string? SetupCode { get; set; }

    /// <summary>How strong the password was that was refused; null if none was judged.</summary>
    public int? Strength { get; private set; }

    public bool IsFirst { get; private set; }

    public bool NeedsSetupCode { get; private set; }

    public bool IsClosed { get; private set; }

    public bool AwaitsApproval { get; private set; }

    public bool AwaitsConfirmation { get; private set; }

    public bool NeedsApproval => options.Mode is RegistrationMode.Approval;

    public async Task<IActionResult> OnGetAsync()
    {
        if (User.Identity is { IsAuthenticated: true })
            return LocalRedirect("/dashboard");
        await PrepareAsync();
        return Page();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        await PrepareAsync();
        var (userName, email) = (UserName?.Trim() ?? "", Email?.Trim() ?? "");
        CheckInput(userName, email);
        if (!ModelState.IsValid)
            return Page();

        Action<Account?>? askToConfirm = smtp.Host is null
            ? null
            : account => confirmation.Ask(account, site.AddressFor(HttpContext));
        switch (await registration.RegisterAsync(
            userName, email, Password!, SetupCode, Visitor.Of(HttpContext), askToConfirm))
        {
            case RegistrationOutcome.Registered:
                await signIn.SignInAsync((await accounts.FindByEmailAsync(email))!, isPersistent: false);
                return LocalRedirect("/dashboard");
            case RegistrationOutcome.AwaitsApproval:
                AwaitsApproval = true;
                break;
            case RegistrationOutcome.AwaitsConfirmation:
                AwaitsConfirmation = true;
                break;
            case RegistrationOutcome.Closed:
                IsClosed = true;
                break;
            case RegistrationOutcome.SetupCodeNeeded:
                ModelState.AddModelError(nameof(SetupCode),
                    "The set-up code is wrong. Look it up in the log of SentinelCam's last start.");
                break;
            case RegistrationOutcome.TooManyWaiting:
                ModelState.AddModelError("",
                    "Too many new accounts are waiting for approval. "
                    + "Ask the administrator to approve or remove some, then try again. "
                    + $"Unanswered ones expire after {WaitingRequests.Lifetime.Days} days.");
                break;
            case RegistrationOutcome.TooBusy:
                Response.SayTooBusy();
                ModelState.AddModelError("", "Too many passwords wait to be checked right now. Try again in a few seconds.");
                break;
            case RegistrationOutcome.EmailTaken:
                ModelState.AddModelError(nameof(Email), "There is already an account with this email address. Sign in instead.");
                break;
            case RegistrationOutcome.EmailNotAllowed:
                ModelState.AddModelError(nameof(Email), "This email address cannot be used. Enter another one.");
                break;
        }

        return Page();
    }

    private async Task PrepareAsync()
    {
        IsFirst = await registration.IsFirstAsync();
        NeedsSetupCode = IsFirst && !Visitor.Of(HttpContext).IsThisMachine;
        IsClosed = !IsFirst && options.Mode is RegistrationMode.Closed;
    }

    private void CheckInput(string userName, string email)
    {
        if (!Registration.IsUserName(userName))
            ModelState.AddModelError(nameof(UserName),
                $"Enter a user name of 1 to {Registration.MaxUserNameLength} visible characters.");
        if (!Registration.IsMailAddress(email))
            ModelState.AddModelError(nameof(Email),
                $"Enter an email address such as name@example.org, at most {Registration.MaxEmailLength} characters.");
        var opinion = PasswordPolicy.Judge(
            Password, VisitorText.Clean(userName, Registration.MaxUserNameLength),
            Registration.IsMailAddress(email) ? email : null);
        Strength = opinion.Score;
        if (opinion.Problem is not null)
            ModelState.AddModelError(nameof(Password), opinion.Problem);
        // A refused text may be very long: the form repeats only its beginning
        UserName = VisitorText.Clean(UserName, Registration.MaxUserNameLength);
        Email = VisitorText.Clean(Email, Registration.MaxEmailLength);
    }
}

using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.People;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>Where an invitation leads. Opening it changes nothing, because programs that scan mails open their links.</summary>
[EnableRateLimiting(RateLimits.Register)]
public sealed class InvitationModel(Invitations invitations, SiteOptions site, SignInManager<Account> signIn) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string? Token { get; set; }

    [BindProperty]
    public string? UserName { get; set; }

    [BindProperty]
    public string? Email { get; set; }

    // A password may consist of spaces only
    [BindProperty, DisplayFormat(ConvertEmptyStringToNull = false)]
    public string? Password { get; set; }

    /// <summary>Where the invitation was mailed; null if its holder chooses the address.</summary>
    public string? InvitedAddress { get; private set; }

    /// <summary>Who invites.</summary>
    public string? InvitedBy { get; private set; }

    /// <summary>How strong the password was that was refused; null if none was judged.</summary>
    public int? Strength { get; private set; }

    /// <summary>Why the link does not work; null if it does.</summary>
    public string? LinkProblem { get; private set; }

    public async Task OnGetAsync() => await OpenAsync();

    public async Task<IActionResult> OnPostAsync()
    {
        if (!await OpenAsync())
            return Page();
        var (name, email) = (UserName?.Trim() ?? "", InvitedAddress ?? Email?.Trim() ?? "");
        CheckInput(name, email);
        if (!ModelState.IsValid)
            return Page();
        switch (await invitations.AcceptAsync(
            Token, name, email, Password!, site.AddressFor(HttpContext), Visitor.Of(HttpContext)))
        {
            case AcceptanceOutcome.Accepted:
                return await DoneAsync("Your account is ready. Sign in.");
            case AcceptanceOutcome.AcceptedUnconfirmed:
                return await DoneAsync("Your account is ready. Sign in. An email with a link is on its way to your address: "
                    + "nothing else is mailed there until you have opened the link and confirmed.");
            case AcceptanceOutcome.HasAccount:
                LinkProblem = "This email address has an account already. Sign in with it. The invitation is used up.";
                return Page();
            case AcceptanceOutcome.TooBusy:
                Response.SayTooBusy();
                ModelState.AddModelError("", "Too many passwords wait to be checked right now. Try again in a few seconds.");
                return Page();
            case AcceptanceOutcome.NotSaved:
                Response.SayUnavailable();
                ModelState.AddModelError("", Unavailable.Advice);
                return Page();
            default:
                // Somebody else has used it meanwhile
                await OpenAsync();
                return Page();
        }
    }

    private async Task<LocalRedirectResult> DoneAsync(string notice)
    {
        // This browser may have had a session of another account
        await signIn.SignOutAsync();
        TempData["Notice"] = notice;
        return LocalRedirect("/login");
    }

    private void CheckInput(string name, string email)
    {
        if (!Registration.IsUserName(name))
            ModelState.AddModelError(nameof(UserName),
                $"Enter a user name of 1 to {Registration.MaxUserNameLength} visible characters.");
        if (!Registration.IsMailAddress(email))
            ModelState.AddModelError(nameof(Email),
                $"Enter an email address such as name@example.org, at most {Registration.MaxEmailLength} characters.");
        // A refused text may be very long: the form repeats only its beginning
        UserName = VisitorText.Clean(UserName, Registration.MaxUserNameLength);
        Email = VisitorText.Clean(Email, Registration.MaxEmailLength);
        var opinion = PasswordPolicy.Judge(Password, UserName, Registration.IsMailAddress(email) ? email : null);
        Strength = opinion.Score;
        if (opinion.Problem is not null)
            ModelState.AddModelError(nameof(Password), opinion.Problem);
    }

    private async Task<bool> OpenAsync()
    {
        var opened = await invitations.OpenAsync(Token);
        (InvitedAddress, InvitedBy) = (opened.Link?.Address, opened.Account?.Name);
        LinkProblem = opened.State switch
        {
            LinkState.Valid => null,
            LinkState.Used => "This invitation has been used. It works once.",
            LinkState.Expired => $"This invitation has expired. It worked for {Invitations.Lifetime.Days} days.",
            LinkState.Overtaken => "This invitation no longer works, because it was revoked or replaced.",
            _ => "This link is not complete, or it is not from here. Copy all of it.",
        };
        if (LinkProblem is not null)
            Response.StatusCode = StatusCodes.Status404NotFound;
        return LinkProblem is null;
    }
}

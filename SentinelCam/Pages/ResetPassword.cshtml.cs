using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>
/// Where the link for a forgotten password leads. Opening it changes nothing, because programs that scan mails open their links.
/// </summary>
[EnableRateLimiting(RateLimits.MailLink)]
public sealed class ResetPasswordModel(PasswordReset reset, SignInManager<Account> signIn) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string? Token { get; set; }

    // A password may consist of spaces only
    [BindProperty, DisplayFormat(ConvertEmptyStringToNull = false)]
    public string? New { get; set; }

    /// <summary>The account that gets the password.</summary>
    public string? Email { get; private set; }

    private string? Name { get; set; }

    /// <summary>How strong the password was that was refused; null if none was judged.</summary>
    public int? Strength { get; private set; }

    /// <summary>Why the link does not work; null if it does.</summary>
    public string? LinkProblem { get; private set; }

    public async Task<IActionResult> OnGetAsync()
    {
        await OpenAsync();
        return Page();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        if (!await OpenAsync())
            return Page();
        var opinion = PasswordPolicy.Judge(New, Name, Email);
        Strength = opinion.Score;
        if (opinion.Problem is not null)
        {
            ModelState.AddModelError(nameof(New), opinion.Problem);
            return Page();
        }

        var (outcome, _) = await reset.ResetAsync(Token, New!, Visitor.Of(HttpContext));
        switch (outcome)
        {
            case PasswordResetOutcome.Done:
                // This browser may have had a session of the account
                await signIn.SignOutAsync();
                TempData["Notice"] = "Your password was changed. Sign in with the new one.";
                return LocalRedirect("/login");
            case PasswordResetOutcome.TooBusy:
                Response.SayTooBusy();
                ModelState.AddModelError("", "Too many passwords wait to be checked right now. Try again in a few seconds.");
                return Page();
            case PasswordResetOutcome.NotSaved:
                Response.SayUnavailable();
                ModelState.AddModelError("", Unavailable.Advice);
                return Page();
            default:
                // Somebody else has used it meanwhile
                await OpenAsync();
                return Page();
        }
    }

    private async Task<bool> OpenAsync()
    {
        var opened = await reset.OpenAsync(Token);
        (Name, Email) = (opened.Account?.Name, opened.Account?.Email);
        LinkProblem = opened.State switch
        {
            LinkState.Valid => null,
            LinkState.Used => "This link has been used. It works once.",
            LinkState.Expired => "This link has expired. It worked for 30 minutes.",
            LinkState.Overtaken => "This link no longer works, because the account was changed after the link was sent.",
            _ => "This link is not complete, or it is not from here. Copy all of it from the email.",
        };
        if (LinkProblem is not null)
            Response.StatusCode = StatusCodes.Status404NotFound;
        return LinkProblem is null;
    }
}

using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

public sealed class LoginModel(
    CredentialCheck credentials, SignInManager<Account> signIn, CameraFeed camera, ILogger<LoginModel> logger) : PageModel
{
    private const int MaxEchoLength = 256;

    [BindProperty]
    public string? Email { get; set; }

    // A password may consist of spaces only
    [BindProperty, DisplayFormat(ConvertEmptyStringToNull = false)]
    public string? Password { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? ReturnUrl { get; set; }

    public string? Problem { get; private set; }

    /// <summary>Opens the camera in the background, so that it is ready when the sign-in fails.</summary>
    public IActionResult OnGet()
    {
        if (User.Identity is { IsAuthenticated: true })
            return LocalRedirect("/dashboard");
        camera.Warm();
        return Page();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        // If the form was open for a long time, the camera opens while the password is checked
        camera.Warm();
        if (string.IsNullOrEmpty(Email) || string.IsNullOrEmpty(Password))
            return Failed("Enter your email address and your password.");

        var visitor = Visitor.Of(HttpContext);
        var (result, account, wait, method) = await credentials.SignInAsync(
            Email, Password, visitor, id => BrowserCookie.KeyFor(HttpContext, id));
        if (result is CredentialResult.NotRecorded)
        {
            Response.SayUnavailable();
            return Failed(Unavailable.Advice);
        }

        if (wait is { } time)
        {
            Response.SayTooBusy(time);
            return Failed("Too many passwords from your network were wrong, so yours was not checked. This is recorded as a "
                + $"failed sign-in. Try again in {TimeWords.Of(TimeSpan.FromMinutes(Math.Ceiling(time.TotalMinutes)))}.");
        }

        if (result is CredentialResult.NotChecked)
        {
            Response.SayTooBusy();
            return Failed("Too many passwords wait to be checked right now, so yours was not. This is recorded as a failed "
                + "sign-in. Try again in a few seconds.");
        }

        if (account is null)
            return Failed("The email address or the password is wrong, or the account cannot sign in right now. "
                + "If it is yours and you have failed several times, wait five minutes and try again.");

        if (result is CredentialResult.CodeNeeded)
        {
            await CodeStep.BeginAsync(HttpContext, account);
            return RedirectToPage("/LoginCode", new { ReturnUrl });
        }

        await signIn.SignInAsync(account, isPersistent: false, method);
        logger.LogInformation("Account {AccountId} signed in from {RemoteAddress}", account.Id, visitor.RemoteAddress);
        return LocalRedirect(Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : "/dashboard");
    }

    /// <summary>Shows the form again. The text must not depend on why the sign-in failed.</summary>
    private PageResult Failed(string problem)
    {
        Problem = problem;
        Email = VisitorText.Clean(Email, MaxEchoLength);
        return Page();
    }
}

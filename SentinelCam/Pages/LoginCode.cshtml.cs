using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>The second step of a sign-in, after the right password.</summary>
public sealed class LoginCodeModel(
    CredentialCheck credentials, SecondFactors factors, SignInManager<Account> signIn, CameraFeed camera,
    ILogger<LoginCodeModel> logger) : PageModel
{
    [BindProperty]
    public string? Code { get; set; }

    [BindProperty]
    public bool Trust { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? ReturnUrl { get; set; }

    public string? Problem { get; private set; }

    /// <summary>What the account can prove itself with, which decides what the page offers.</summary>
    public SecondFactorKinds Factors { get; private set; }

    public async Task<IActionResult> OnGetAsync()
    {
        if (await CodeStep.FindAsync(HttpContext) is not var (accountId, _))
            return RedirectToPage("/Login", new { ReturnUrl });
        camera.Warm();
        return await ShowAsync(accountId, null);
    }

    public async Task<IActionResult> OnPostAsync()
    {
        if (await CodeStep.FindAsync(HttpContext) is not var (accountId, stamp))
            return StartAgain("Too much time has passed. Sign in again.");
        camera.Warm();
        var passkey = PasskeyForm.Read(Request.Form);
        if (passkey is null && string.IsNullOrWhiteSpace(Code))
            return await ShowAsync(accountId, "Enter a code.");

        var visitor = Visitor.Of(HttpContext);
        var key = BrowserCookie.KeyFor(HttpContext, accountId);
        var (result, account, wait, method) = passkey is null
            ? await credentials.CheckCodeAsync(accountId, stamp, Code!, visitor, key)
            : await credentials.CheckPasskeyAsync(accountId, stamp, passkey, HttpContext, key);
        switch (result)
        {
            case CredentialResult.Accepted:
                await CodeStep.EndAsync(HttpContext);
                // A recovery code is for when the app is lost, perhaps in a browser that is not one's own
                await signIn.SignInAsync(
                    account!, SessionCookie.Trusting(Trust && method is SignInMethods.AuthenticatorApp), method);
                logger.LogInformation("Account {AccountId} signed in from {RemoteAddress}, {Method}",
                    accountId, visitor.RemoteAddress, method);
                return LocalRedirect(Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : "/dashboard");
            case CredentialResult.PasswordNeeded:
                await CodeStep.EndAsync(HttpContext);
                return StartAgain("The code was not checked, because too many were wrong or the account has changed. Wait five "
                    + "minutes, then sign in again.");
            case CredentialResult.NotChecked:
                Response.SayTooBusy(wait);
                return await ShowAsync(accountId, "Too many sign-ins from your network have failed, so the passkey was not "
                    + "checked. This is recorded as a failed sign-in. Wait and try again.");
            case CredentialResult.NotRecorded:
                Response.SayUnavailable();
                return await ShowAsync(accountId, Unavailable.Advice);
            default:
                return await ShowAsync(accountId, passkey is not null
                    ? "The passkey was not accepted. This is recorded as a failed sign-in, and the account's owner is told that "
                        + "somebody knows the password."
                    : "The code is wrong, or it was used before. This is recorded as a failed sign-in, "
                        + "and the account's owner is told that somebody knows the password. Wait for the next code and try "
                        + "again.");
        }
    }

    private async Task<PageResult> ShowAsync(long accountId, string? problem)
    {
        (Problem, Factors) = (problem, await factors.OfAsync(accountId));
        return Page();
    }

    private RedirectToPageResult StartAgain(string notice)
    {
        TempData["Notice"] = notice;
        return RedirectToPage("/Login", new { ReturnUrl });
    }
}

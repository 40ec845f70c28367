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
        if (string.IsNullOrWhiteSpace(Code))
            return await ShowAsync(accountId, "Enter a code.");

        var visitor = Visitor.Of(HttpContext);
        var (result, account, _, method) = await credentials.CheckCodeAsync(
            accountId, stamp, Code, visitor, BrowserCookie.KeyFor(HttpContext, accountId));
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
            case CredentialResult.NotRecorded:
                Response.SayUnavailable();
                return await ShowAsync(accountId, Unavailable.Advice);
            default:
                return await ShowAsync(accountId, "The code is wrong, or it was used before. This is recorded as a failed "
                    + "sign-in, and the account's owner is told that somebody knows the password. Wait for the next code and try "
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

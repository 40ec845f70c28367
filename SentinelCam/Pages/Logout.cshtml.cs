using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Pages;

public sealed class LogoutModel(SignInManager<Account> signIn, ILogger<LogoutModel> logger) : PageModel
{
    public async Task<IActionResult> OnPostAsync()
    {
        await signIn.SignOutAsync();
        if (User.Identity is { IsAuthenticated: true })
            logger.LogInformation("Account {AccountId} signed out", Viewer.Of(User).Id);
        return LocalRedirect("/");
    }
}

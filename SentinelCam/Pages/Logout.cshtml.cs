using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Pages.Endpoints;

namespace SentinelCam.Pages;

public sealed class LogoutModel(SignInManager<Account> signIn, LiveUpdates live, ILogger<LogoutModel> logger) : PageModel
{
    public async Task<IActionResult> OnPostAsync()
    {
        await signIn.SignOutAsync();
        if (User.Identity is { IsAuthenticated: true })
        {
            var viewer = Viewer.Of(User);
            live.End(viewer.Id);
            logger.LogInformation("Account {AccountId} signed out", viewer.Id);
        }

        return LocalRedirect("/");
    }
}

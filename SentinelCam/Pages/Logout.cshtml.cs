using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;

namespace SentinelCam.Pages;

public sealed class LogoutModel(SignInManager<Account> signIn, LiveUpdates live) : PageModel
{
    public async Task<IActionResult> OnPostAsync()
    {
        await signIn.SignOutAsync();
        if (User.Identity is { IsAuthenticated: true })
            live.End(Viewer.Of(User).Id);
        return LocalRedirect("/");
    }
}

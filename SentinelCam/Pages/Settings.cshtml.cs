using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;

namespace SentinelCam.Pages;

public sealed class SettingsModel(UserManager<Account> accounts, SignInManager<Account> signIn) : PageModel
{
    public string? Email { get; private set; }

    [BindProperty, DisplayFormat(ConvertEmptyStringToNull = false)]
    public string? Current { get; set; }

    [BindProperty, DisplayFormat(ConvertEmptyStringToNull = false)]
    public string? New { get; set; }

    public async Task OnGetAsync() => Email = (await accounts.GetUserAsync(User))?.Email;

    public async Task<IActionResult> OnPostAsync()
    {
        var account = await accounts.GetUserAsync(User);
        if (account is null)
            return Challenge();
        Email = account.Email;
        if (New is not { Length: >= Registration.MinPasswordLength and <= Registration.MaxPasswordLength })
            ModelState.AddModelError(nameof(New), $"Enter a new password of {Registration.MinPasswordLength} to {Registration.MaxPasswordLength} characters.");
        else if (!(await accounts.ChangePasswordAsync(account, Current ?? "", New)).Succeeded)
            ModelState.AddModelError(nameof(Current), "The password that you have now is not the one you entered.");
        if (!ModelState.IsValid)
            return Page();

        await signIn.RefreshSignInAsync(account);
        TempData["Notice"] = "The password is changed.";
        return LocalRedirect("/settings");
    }
}

using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>Handlers that need the viewer's account itself.</summary>
public static class SignedInAccount
{
    /// <summary>Runs a handler for the viewer's account. A viewer whose account no longer exists is asked to sign in.</summary>
    public static async Task<IActionResult> ForAccountAsync(
        this PageModel page, UserManager<Account> accounts, Func<Account, Task<IActionResult>> handle)
    {
        ArgumentNullException.ThrowIfNull(page);
        ArgumentNullException.ThrowIfNull(accounts);
        ArgumentNullException.ThrowIfNull(handle);
        return await accounts.GetUserAsync(page.User) is { } account ? await handle(account) : page.Challenge();
    }

    /// <inheritdoc cref="ForAccountAsync(PageModel, UserManager{Account}, Func{Account, Task{IActionResult}})" />
    public static Task<IActionResult> ForAccountAsync(
        this PageModel page, UserManager<Account> accounts, Func<Account, IActionResult> handle) =>
        page.ForAccountAsync(accounts, account => Task.FromResult(handle(account)));
}

using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;

namespace SentinelCam.Pages;

/// <summary>
/// Where the link in the mail to an account's earlier address leads; no session is needed. Only a button undoes.
/// </summary>
[EnableRateLimiting(RateLimits.MailLink)]
public sealed class UndoAddressModel(AddressChange change, SignInManager<Account> signIn) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string? Token { get; set; }

    /// <summary>The earlier address.</summary>
    public string? Address { get; private set; }

    public bool IsDone { get; private set; }

    /// <summary>Why the link does not work; null if it does.</summary>
    public string? LinkProblem { get; private set; }

    public async Task OnGetAsync()
    {
        var opened = await change.OpenUndoAsync(Token);
        Show(opened);
        Address = opened.Link?.Address;
    }

    public async Task OnPostAsync()
    {
        var opened = await change.UndoAsync(Token);
        IsDone = Show(opened);
        if (!IsDone)
            return;
        await signIn.SignOutAsync();
    }

    private bool Show(OpenedLink opened)
    {
        LinkProblem = opened.State switch
        {
            LinkState.Valid => null,
            LinkState.Used => "This link has been used. It works once.",
            LinkState.Expired => "This link has expired. It worked for seven days.",
            LinkState.Overtaken =>
                "This link no longer works: the address was restored with another link, or the account is suspended.",
            _ => "This link is not complete, or it is not from here. Copy all of it from the email.",
        };
        if (LinkProblem is not null)
            Response.StatusCode = StatusCodes.Status404NotFound;
        return LinkProblem is null;
    }
}

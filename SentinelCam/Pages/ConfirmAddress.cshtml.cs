using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.LoginAttempts;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>
/// Where the links lead that confirm the address of a new account, or another address of an account; no session is needed. Only a
/// button confirms, because programs that scan mails open their links.
/// </summary>
[EnableRateLimiting(RateLimits.MailLink)]
public sealed class ConfirmAddressModel(
    AddressConfirmation confirmation, AddressChange change, RegistrationOptions options, SiteOptions site) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string? Token { get; set; }

    public string? Question { get; private set; }

    /// <summary>The address to confirm.</summary>
    public string? Address { get; private set; }

    /// <summary>What has been done; null before.</summary>
    public string? Done { get; private set; }

    /// <summary>Why the link does not work; null if it does.</summary>
    public string? LinkProblem { get; private set; }

    public async Task OnGetAsync()
    {
        var (opened, isNew) = await OpenAsync();
        if (!Show(opened))
            return;
        Question = isNew ? "Confirm the address of your new account:" : "From now on, your account has this address:";
        Address = isNew ? opened.Account!.Email : opened.Link!.Address;
    }

    public async Task OnPostAsync()
    {
        if ((await OpenAsync()).IsNew)
        {
            if (Show(await confirmation.ConfirmAsync(Token)))
            {
                Done = options.Mode is RegistrationMode.Open
                    ? "Thank you. Your address is confirmed, and you can sign in."
                    : "Thank you. Your address is confirmed. An administrator must approve your account before you can sign in.";
            }
        }
        else if (Show(await change.ConfirmAsync(Token, site.AddressFor(HttpContext))))
        {
            Done = "Your account has this address now. Sign in with it from now on. The earlier address was told.";
        }
    }

    private async Task<(OpenedLink Opened, bool IsNew)> OpenAsync() =>
        await confirmation.OpenAsync(Token) is { State: not LinkState.Unknown } opened
            ? (opened, true)
            : (await change.OpenAsync(Token), false);

    private bool Show(OpenedLink opened)
    {
        LinkProblem = opened.State switch
        {
            LinkState.Valid => null,
            LinkState.Used => "This link has been used. It works once.",
            LinkState.Expired => "This link has expired.",
            LinkState.Overtaken =>
                "This link no longer works: the address is confirmed already, or something else has changed since.",
            _ => "This link is not complete, or it is not from here. Copy all of it from the email.",
        };
        if (LinkProblem is not null)
            Response.StatusCode = StatusCodes.Status404NotFound;
        return LinkProblem is null;
    }
}

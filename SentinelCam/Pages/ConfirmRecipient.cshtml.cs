using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using SentinelCam.Alerts;

namespace SentinelCam.Pages;

/// <summary>
/// Where the link in the mail to an extra recipient leads; no account is needed. Only a button confirms, because programs that
/// scan mails open their links.
/// </summary>
[EnableRateLimiting(RateLimits.MailLink)]
public sealed class ConfirmRecipientModel(ExtraRecipients recipients) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string? Token { get; set; }

    public string? Owner { get; private set; }

    public string? Recipient { get; private set; }

    public bool IsDone { get; private set; }

    public async Task OnGetAsync()
    {
        if (await recipients.FindAsync(Token) is { } account)
            (Owner, Recipient) = (account.Email, account.PendingRecipient);
        else
            Response.StatusCode = StatusCodes.Status404NotFound;
    }

    public async Task OnPostAsync()
    {
        IsDone = await recipients.ConfirmAsync(Token);
        if (!IsDone)
            Response.StatusCode = StatusCodes.Status404NotFound;
    }
}

using Hangfire;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Alerts;
using SentinelCam.Jobs;

namespace SentinelCam.Pages;

/// <summary>
/// Where the link in the mail to an extra recipient leads, for everybody who has it. It asks and confirms on a button: programs that look
/// at mails open links too.
/// </summary>
public sealed class ConfirmRecipientModel(ExtraRecipients recipients, IBackgroundJobClient jobs, ILogger<ConfirmRecipientModel> logger) : PageModel
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
        if (await recipients.ConfirmAsync(Token) is not { } mails)
        {
            Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        IsDone = true;
        jobs.EnqueueMails(mails, logger);
    }
}

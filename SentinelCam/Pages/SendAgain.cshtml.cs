using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>Sends a mail again, or dismisses the notice of failed ones. For the mail's owner only.</summary>
[EnableRateLimiting(RateLimits.SendAgain)]
public sealed class SendAgainModel(SentinelCamDbContext db, DeliveryResend resend) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public long Id { get; set; }

    /// <summary>The page of this site to return to.</summary>
    [BindProperty]
    public string? ReturnUrl { get; set; }

    public Delivery? Delivery { get; private set; }

    public async Task<IActionResult> OnGetAsync()
    {
        var viewer = Viewer.Of(User);
        Delivery = await db.Deliveries.AsNoTracking()
            .SingleOrDefaultAsync(d => d.Id == Id && d.RecipientId == viewer.Id && !MailKinds.WithLink.Contains(d.Kind));
        return Delivery is null ? NotFound() : Page();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        var outcome = await resend.ResendAsync(Viewer.Of(User), Id);
        if (outcome is ResendOutcome.NotFound)
            return NotFound();
        TempData["Notice"] = outcome switch
        {
            ResendOutcome.Queued => "The email is being sent again.",
            ResendOutcome.RecipientRemoved => "This address no longer receives your alerts, so the email was not sent.",
            _ => "This email is already in the queue, or has been sent again since.",
        };
        return Back();
    }

    public async Task<IActionResult> OnPostAcknowledgeAsync()
    {
        await resend.AcknowledgeAsync(Viewer.Of(User));
        return Back();
    }

    private LocalRedirectResult Back() => LocalRedirect(Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : "/userdata");
}

using Htmx;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.ImageLog;
using SentinelCam.LoginAttempts;
using SentinelCam.Mail;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>Sends the viewer a test alert, and shows how far it has come.</summary>
public sealed class TestAlertModel(
    TestAlerts tests, ImageLogQuery query, UserManager<Account> accounts, SmtpOptions smtp) : PageModel
{
    /// <summary>The test whose progress is shown.</summary>
    public ImageLogItem? Item { get; private set; }

    /// <summary>The last test was less than a minute ago, so no other one was started.</summary>
    public bool IsTooSoon { get; private set; }

    /// <summary>Without a mail server, the mail only reaches the outbox.</summary>
    public bool HasServer => smtp.Host is not null;

    /// <summary>The picture is settled and each mail has been tried: nothing more is about to happen.</summary>
    public bool IsDone => Item is { Entry.CaptureState: not CaptureState.Waiting, Deliveries: { Count: > 0 } mails }
        && mails.All(d => d.State is DeliveryState.Accepted or DeliveryState.Failed
            || d is { State: DeliveryState.Waiting, Tries: > 0 });

    public async Task<IActionResult> OnGetAsync(long? id)
    {
        if (id is null)
            return ModelState.IsValid ? Page() : NotFound();
        Item = await query.FindAsync(Viewer.Of(User), id.Value);
        if (Item is not { Entry.Trigger: CaptureTrigger.Test })
            return NotFound();
        return this.PageOrPartial("_TestAlert");
    }

    public Task<IActionResult> OnPostAsync() => this.ForAccountAsync(accounts, async account =>
    {
        var (outcome, id) = await tests.StartAsync(account, Visitor.Of(HttpContext));
        IsTooSoon = outcome is TestAlertOutcome.TooSoon;
        if (IsTooSoon)
            Response.StatusCode = StatusCodes.Status429TooManyRequests;
        else if (!Request.IsHtmx())
            return LocalRedirect($"/test_alert?id={id}");
        Item = await query.FindAsync(Viewer.Of(User), id);
        return this.PageOrPartial("_TestAlert");
    });
}

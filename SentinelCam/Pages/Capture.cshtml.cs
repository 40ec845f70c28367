using Htmx;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using SentinelCam.Accounts;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

[EnableRateLimiting(RateLimits.Capture)]
public sealed class CaptureModel(ImageLogQuery query, ImageLogChanges changes, CameraFeed camera) : PageModel
{
    public CameraStatus Camera => camera.Status;

    /// <summary>The capture whose progress is shown.</summary>
    public ImageLogItem? Item { get; private set; }

    public bool IsMailed => Item is { Deliveries: { Count: > 0 } mails } && mails.All(d => d.State is DeliveryState.Accepted);

    /// <summary>The picture is settled and each mail has been tried: nothing more is about to happen.</summary>
    public bool IsDone => Item is { Entry.CaptureState: not CaptureState.Waiting, Deliveries: { Count: > 0 } mails }
        && mails.All(d => d.State is DeliveryState.Accepted or DeliveryState.Failed
            || d is { State: DeliveryState.Waiting, Tries: > 0 });

    public async Task<IActionResult> OnGetAsync(long? id)
    {
        if (id is null)
            return ModelState.IsValid ? Page() : NotFound();
        Item = await query.FindAsync(Viewer.Of(User), id.Value);
        if (Item is null)
            return NotFound();
        return this.PageOrPartial("_Progress");
    }

    public async Task<IActionResult> OnPostAsync()
    {
        var id = await changes.AddManualCaptureAsync(Viewer.Of(User));
        if (!Request.IsHtmx())
            return LocalRedirect($"/capture?id={id}");
        // The dashboard shows the progress itself and keeps its address
        if (CurrentPage.PathOf(Request) != "/dashboard")
            Response.Htmx(headers => headers.PushUrl($"/capture?id={id}"));
        return await OnGetAsync(id);
    }
}

using System.Globalization;
using Htmx;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

/// <summary>One alert: its attempts in their order, its mails, the owner's answer, and what to do about it.</summary>
[EnableRateLimiting(RateLimits.Export)]
[RecentProof(nameof(OnPostDeleteAsync), nameof(OnPostEndBrowserAsync))]
public sealed class AlertModel(
    AlertQuery query, AlertReview review, ImageLogChanges changes, ImageLogExport export, TimeProvider time) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public long Id { get; set; }

    /// <summary>Only attempts after this place, as <see cref="LogPlace.ToString"/> writes it.</summary>
    [BindProperty(SupportsGet = true)]
    public string? After { get; set; }

    /// <summary>The list to return to after an answer.</summary>
    [BindProperty]
    public string? ReturnUrl { get; set; }

    public AlertItem? Item { get; private set; }

    public AttemptPage Attempts { get; private set; } = new([], null);

    public PictureCount Pictures { get; private set; } = new(0, 0);

    /// <summary>Whether a browser that this alert told about can be signed out.</summary>
    public bool HasNewBrowser { get; private set; }

    public bool AreAllPinned => Pictures.Total > 0 && Pictures.Pinned == Pictures.Total;

    public async Task<IActionResult> OnGetAsync()
    {
        var viewer = Viewer.Of(User);
        Item = await query.FindAsync(viewer, Id);
        if (Item is null)
            return NotFound();
        Attempts = await query.AttemptsAsync(viewer, Id, LogPlace.Parse(After), AlertQuery.PageSize);
        if (!Request.IsHtmx())
            (Pictures, HasNewBrowser) = (await query.PicturesAsync(Id), await review.HasNewBrowserAsync(viewer, Id));
        return this.PageOrPartial("_Timeline");
    }

    public async Task<IActionResult> OnGetExportAsync()
    {
        var viewer = Viewer.Of(User);
        if (await review.FindAsync(viewer, Id) is null)
            return NotFound();
        // Closing the archive writes its directory synchronously
        HttpContext.Features.Get<IHttpBodyControlFeature>()!.AllowSynchronousIO = true;
        Response.ContentType = "application/zip";
        Response.Headers.ContentDisposition = string.Create(CultureInfo.InvariantCulture,
            $"attachment; filename=\"sentinelcam-alert-{Id}-{time.GetUtcNow():yyyyMMdd-HHmmss}.zip\"");
        await export.WriteAsync(
            new ExportSelection(viewer, new ImageLogFilter(), AlertId: Id), Response.Body, HttpContext.RequestAborted);
        return new EmptyResult();
    }

    /// <summary>Records whether it was the owner. "Not me" leads to what to do now.</summary>
    /// <param name="answer">The answer.</param>
    public async Task<IActionResult> OnPostAnswerAsync(AlertAnswer answer)
    {
        if (!ModelState.IsValid || answer is AlertAnswer.New)
            return BadRequest();
        var outcome = await review.AnswerAsync(Viewer.Of(User), Id, answer, AnswerChannel.Page);
        if (outcome is AnswerOutcome.NotFound)
            return NotFound();
        if (answer is AlertAnswer.NotMe)
            return LocalRedirect($"/alerts/{Id}#now");
        return LocalRedirect(Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : $"/alerts/{Id}");
    }

    /// <summary>Pins or unpins all pictures of the alert.</summary>
    /// <param name="pinned">True to keep the pictures, false to let them expire.</param>
    public async Task<IActionResult> OnPostPinAsync(bool pinned)
    {
        switch (await changes.PinAlertAsync(Viewer.Of(User), Id, pinned))
        {
            case PinOutcome.NoPicture:
                return NotFound();
            case PinOutcome.NoRoom:
                ModelState.AddModelError("", EntryModel.NoRoom);
                return await OnGetAsync();
            default:
                TempData["Notice"] = pinned
                    ? "The pictures are pinned. They are kept until you unpin or delete them."
                    : "The pictures are no longer pinned.";
                return LocalRedirect($"/alerts/{Id}");
        }
    }

    /// <summary>Signs the browser out that the alert told about.</summary>
    public async Task<IActionResult> OnPostEndBrowserAsync()
    {
        if (!await review.DisownAsync(Viewer.Of(User), Id, AnswerChannel.Page))
            return NotFound();
        TempData["Notice"] = "The browser was signed out.";
        return LocalRedirect($"/alerts/{Id}#now");
    }

    /// <summary>Deletes all entries of the alert, with their pictures.</summary>
    public async Task<IActionResult> OnPostDeleteAsync()
    {
        var deleted = await changes.DeleteAlertAsync(Viewer.Of(User), Id);
        if (deleted == 0)
            return NotFound();
        TempData["Notice"] = deleted == 1
            ? "The alert was deleted, with its entry and picture."
            : $"The alert was deleted, with its {deleted} entries and their pictures.";
        return LocalRedirect("/dashboard");
    }
}

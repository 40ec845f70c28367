using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

[EnableRateLimiting(RateLimits.Export)]
public sealed class UserDataModel(
    ImageLogQuery query, ImageLogIndex index, ImageLogExport export, ViewerTime viewers, LogLayoutCookie layout,
    TimeProvider time) : PageModel
{
    /// <summary>Counting stops here, so that showing a number never reads a million rows.</summary>
    private const int MaxCounted = 100;

    [BindProperty(SupportsGet = true)]
    public LogFilterForm Search { get; set; } = new();

    /// <summary>Only entries before this place, as <see cref="LogPlace.ToString"/> writes it.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Before { get; set; }

    /// <summary>Overrides the remembered layout, so that a page that continues a list looks like that list.</summary>
    [BindProperty(SupportsGet = true)]
    public LogLayout? View { get; set; }

    public LogLayout Layout => View ?? layout.Layout;

    public ImageLogPage Log { get; private set; } = new([], null, 0);

    public string Count { get; private set; } = "";

    public async Task<IActionResult> OnGetAsync()
    {
        var viewer = Viewer.Of(User);
        var before = LogPlace.Parse(Before);
        Log = await query.PageAsync(viewer, await FilterAsync(), before, countTo: before is null ? MaxCounted : 0);
        Count = InWords(Log.Found);
        if (Log.Items.Count == 0 && Request.Headers["HX-Trigger"] == "count")
        {
            // The last entry was deleted in place: the text of the empty list replaces it
            Response.Headers["HX-Retarget"] = Response.Headers["HX-Reselect"] = "#log";
            Response.Headers["HX-Reswap"] = "outerHTML";
        }

        return this.PageOrPartial("_Log");
    }

    /// <summary>Remembers the chosen layout.</summary>
    public IActionResult OnPost()
    {
        layout.Choose(Layout);
        return LocalRedirect(Search.Url("/userdata"));
    }

    public async Task<IActionResult> OnGetExportAsync()
    {
        var viewer = Viewer.Of(User);
        var filter = await FilterAsync();
        var newest = (await index.FindAsync(viewer, filter, null, 1)).FirstOrDefault();
        var start = newest is null ? null : newest with { Id = newest.Id + 1 };
        return await ExportAsync(new ExportSelection(viewer, filter, start));
    }

    /// <param name="ids">The entries that were selected.</param>
    public async Task<IActionResult> OnPostExportAsync(long[] ids) => ids.Length == 0
        ? NothingSelected()
        : await ExportAsync(new ExportSelection(Viewer.Of(User), await FilterAsync(), Ids: ids));

    private async Task<ImageLogFilter> FilterAsync() => Search.FilterIn(await viewers.ZoneAsync());

    private async Task<IActionResult> ExportAsync(ExportSelection selection)
    {
        // Closing the archive writes its directory synchronously
        HttpContext.Features.Get<IHttpBodyControlFeature>()!.AllowSynchronousIO = true;
        Response.ContentType = "application/zip";
        Response.Headers.ContentDisposition = string.Create(CultureInfo.InvariantCulture,
            $"attachment; filename=\"sentinelcam-{time.GetUtcNow():yyyyMMdd-HHmmss}.zip\"");
        await export.WriteAsync(selection, Response.Body, HttpContext.RequestAborted);
        return new EmptyResult();
    }

    private LocalRedirectResult NothingSelected()
    {
        TempData["Notice"] = "Select entries first, with the boxes beside their pictures.";
        return LocalRedirect(Search.Url("/userdata"));
    }

    private static string InWords(int count) => count switch
    {
        > MaxCounted => $"More than {MaxCounted} entries",
        1 => "1 entry",
        _ => $"{count} entries",
    };
}

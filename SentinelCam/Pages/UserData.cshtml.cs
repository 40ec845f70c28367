using System.Globalization;
using Htmx;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.ImageLog;
using SentinelCam.LoginAttempts;

namespace SentinelCam.Pages;

public sealed class UserDataModel(ImageLogQuery query, ImageLogExport export, TimeProvider time) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string? Q { get; set; }

    [BindProperty(SupportsGet = true)]
    public CaptureTrigger? Trigger { get; set; }

    [BindProperty(SupportsGet = true)]
    public LoginOutcome? Outcome { get; set; }

    [BindProperty(SupportsGet = true)]
    public DateOnly? From { get; set; }

    [BindProperty(SupportsGet = true)]
    public DateOnly? To { get; set; }

    /// <summary>Only entries older than this one.</summary>
    [BindProperty(SupportsGet = true)]
    public long? Before { get; set; }

    public ImageLogFilter Filter => new(Q is { Length: > ImageLogFilter.MaxTextLength } ? Q[..ImageLogFilter.MaxTextLength] : Q, Trigger, Outcome, From, To);

    public ImageLogPage Log { get; private set; } = new([], null);

    public async Task<IActionResult> OnGetAsync()
    {
        Log = await query.PageAsync(Viewer.Of(User), Filter, Before);
        Response.Headers.Vary = "HX-Request";
        return Request.IsHtmx() ? Partial("_Rows", this) : Page();
    }

    public async Task<IActionResult> OnGetExportAsync()
    {
        // The directory of a ZIP file is written synchronously when the archive is closed
        HttpContext.Features.Get<IHttpBodyControlFeature>()!.AllowSynchronousIO = true;
        Response.ContentType = "application/zip";
        Response.Headers.ContentDisposition = string.Create(CultureInfo.InvariantCulture, $"attachment; filename=\"sentinelcam-{time.GetUtcNow():yyyyMMdd-HHmmss}.zip\"");
        await export.WriteAsync(Viewer.Of(User), Filter, Response.Body, HttpContext.RequestAborted);
        return new EmptyResult();
    }

    public string PageUrl(long older) => "/userdata" + Query().Add("Before", older);

    public string ExportUrl() => "/userdata" + Query().Add("handler", "Export");

    private FilterQuery Query() => new(Filter);

    /// <summary>The filter as a query string.</summary>
    private readonly struct FilterQuery(ImageLogFilter filter)
    {
        public QueryString Add(string name, object value)
        {
            var query = new QueryBuilder();
            if (filter.Text is { Length: > 0 } text)
                query.Add("Q", text);
            if (filter.Trigger is { } trigger)
                query.Add("Trigger", trigger.ToString());
            if (filter.Outcome is { } outcome)
                query.Add("Outcome", outcome.ToString());
            if (filter.From is { } from)
                query.Add("From", from.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            if (filter.To is { } to)
                query.Add("To", to.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            query.Add(name, Convert.ToString(value, CultureInfo.InvariantCulture)!);
            return query.ToQueryString();
        }
    }
}

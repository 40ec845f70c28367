using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.ImageLog;
using SentinelCam.Watch;

namespace SentinelCam.Pages;

public sealed class DashboardModel(ImageLogQuery query, CameraFeed camera, HealthProbe health, TimeProvider time) : PageModel
{
    public const int Shown = 5;

    public CameraStatus Camera => camera.Status;

    public DateTimeOffset Now => time.GetUtcNow();

    public ImageLogPage Log { get; private set; } = new([], null, 0);

    public AlertSummary LastDay { get; private set; } = new(0, 0, 0, 0);

    public AttemptChart Chart { get; private set; } = new([], default);

    /// <summary>Problems of SentinelCam itself; for administrators.</summary>
    public IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>The newest entry that the page already shows. A fragment announces the entries after it.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Since { get; set; }

    /// <summary>Read out once by screen readers.</summary>
    public string News { get; private set; } = "";

    /// <summary>The next request's <see cref="Since"/>.</summary>
    public string Newest => Log.Items is [var newest, ..] ? LogPlace.Of(newest.Entry).ToString() : "0_0";

    public async Task<IActionResult> OnGetAsync()
    {
        var viewer = Viewer.Of(User);
        var now = time.GetUtcNow();
        if (viewer.IsAdministrator)
            Problems = [.. (await health.RunAsync()).Values.OfType<string>()];
        LastDay = await query.AlertsSinceAsync(viewer, now.AddDays(-1));
        Chart = new AttemptChart(await query.AttemptsPerDayAsync(viewer, now, AttemptChart.Days), now);
        Log = await query.PageAsync(viewer, new ImageLogFilter(), count: Shown);
        if (LogPlace.Parse(Since) is { } since)
            News = EntryWords.News([.. Log.Items.Where(item => IsAfter(LogPlace.Of(item.Entry), since))]);
        return this.PageOrPartial("_Live");
    }

    private static bool IsAfter(LogPlace place, LogPlace other) =>
        place.At > other.At || (place.At == other.At && place.Id > other.Id);
}

using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.ImageLog;
using SentinelCam.Watch;

namespace SentinelCam.Pages;

public sealed class DashboardModel(
    AlertQuery alerts, ImageLogQuery query, ImageLogIndex index, CameraFeed camera, HealthProbe health, LiveNodes nodes,
    TimeProvider time) : PageModel
{
    /// <summary>The number of alerts: a large one, and rows of two or three.</summary>
    public const int Shown = 7;

    /// <summary>The number of new entries that are announced, at most.</summary>
    private const int Announced = 5;

    public CameraStatus Camera => camera.Status;

    public AlertPage Alerts { get; private set; } = new([], null);

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
    public string Newest { get; private set; } = "0_0";

    public async Task<IActionResult> OnGetAsync()
    {
        var viewer = Viewer.Of(User);
        var now = time.GetUtcNow();
        if (viewer.IsAdministrator)
            Problems = [.. (await health.RunAsync()).Values.OfType<string>()];
        LastDay = await query.AlertsSinceAsync(viewer, now.AddDays(-1));
        Chart = new AttemptChart(await query.AttemptsPerDayAsync(viewer, now, AttemptChart.Days), now);
        Alerts = await alerts.PageAsync(viewer, null, Shown);
        if (await index.FindAsync(viewer, new ImageLogFilter(), null, 1) is [var newest])
            await AnnounceAsync(viewer, newest);
        return this.PageOrPartial("_Live");
    }

    private async Task AnnounceAsync(Viewer viewer, LogPlace newest)
    {
        Newest = newest.ToString();
        if (LogPlace.Parse(Since) is not { } since || !IsAfter(newest, since))
            return;
        var latest = await query.PageAsync(viewer, new ImageLogFilter(), count: Announced);
        News = EntryWords.News([.. latest.Items.Where(item => IsAfter(LogPlace.Of(item.Entry), since))], nodes.DeviceOf);
    }

    private static bool IsAfter(LogPlace place, LogPlace other) =>
        place.At > other.At || (place.At == other.At && place.Id > other.Id);
}

using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Capture;
using SentinelCam.ImageLog;
using SentinelCam.LoginAttempts;

namespace SentinelCam.Pages;

public sealed class DashboardModel(ImageLogQuery query, CameraFeed camera, HealthProbe health) : PageModel
{
    private const int Shown = 5;

    public CameraStatus Camera => camera.Status;

    public IReadOnlyList<LoginAttempt> Attempts { get; private set; } = [];

    public ImageLogPage Log { get; private set; } = new([], null);

    /// <summary>What is wrong with SentinelCam itself; for administrators.</summary>
    public IReadOnlyList<string> Problems { get; private set; } = [];

    public async Task OnGetAsync()
    {
        var viewer = Viewer.Of(User);
        if (viewer.IsAdministrator)
            Problems = [.. (await health.RunAsync()).Values.OfType<string>()];
        Attempts = await query.AttemptsVisibleTo(viewer).Take(Shown).ToListAsync();
        Log = await query.PageAsync(viewer, new ImageLogFilter(), count: Shown);
    }
}

using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Capture;
using SentinelCam.ImageLog;
using SentinelCam.LoginAttempts;

namespace SentinelCam.Pages;

public sealed class DashboardModel(ImageLogQuery query, CameraFeed camera) : PageModel
{
    private const int Shown = 5;

    public CameraStatus Camera => camera.Status;

    public IReadOnlyList<LoginAttempt> Attempts { get; private set; } = [];

    public ImageLogPage Log { get; private set; } = new([], null);

    public async Task OnGetAsync()
    {
        var viewer = Viewer.Of(User);
        Attempts = await query.AttemptsVisibleTo(viewer).Take(Shown).ToListAsync();
        Log = await query.PageAsync(viewer, new ImageLogFilter(), count: Shown);
    }
}

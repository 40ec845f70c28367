using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Capture;

namespace SentinelCam.Pages.Admin;

public sealed class CameraModel(CameraFeed camera) : PageModel
{
    public CameraStatus Status => camera.Status;
}

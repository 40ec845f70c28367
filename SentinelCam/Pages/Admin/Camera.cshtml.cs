using Htmx;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Cameras;

namespace SentinelCam.Pages;

public sealed class CameraModel(CameraFeed camera, CameraSelection selection) : PageModel
{
    private const string ChosenKey = "Camera.Chosen";

    public CameraStatus Status => camera.Status;

    public bool IsConfigured => selection.IsConfigured;

    public IReadOnlyList<FoundDevice> Devices { get; private set; } = [];

    public string? Problem { get; private set; }

    public bool IsChosen { get; private set; }

    /// <summary>The page or its live part. Both keep the camera open for a while.</summary>
    public IActionResult OnGet()
    {
        camera.WarmForPreview();
        if (!Request.IsHtmx())
        {
            IsChosen = TempData[ChosenKey] is not null;
            Devices = new DeviceList().Found();
        }

        return this.PageOrPartial("_Preview");
    }

    /// <summary>The latest frame as a JPEG, or 404 if the camera gives none within five seconds.</summary>
    public async Task<IActionResult> OnGetFrameAsync()
    {
        Response.Headers.CacheControl = "private, no-store";
        return await camera.PreviewAsync(HttpContext.RequestAborted) is { } frame ? File(frame.Jpeg, "image/jpeg") : NotFound();
    }

    public async Task<IActionResult> OnPostAsync(string? source)
    {
        Problem = await selection.ChooseAsync(source, Viewer.Of(User).Id);
        if (Problem is not null)
        {
            Devices = new DeviceList().Found();
            return Page();
        }

        TempData[ChosenKey] = true;
        return LocalRedirect("/admin/camera");
    }
}

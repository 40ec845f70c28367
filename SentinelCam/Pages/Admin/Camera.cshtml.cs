using Htmx;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Cameras;
using SentinelCam.Data;

namespace SentinelCam.Pages;

public sealed class CameraModel(CameraFeed camera, CameraSelection selection, CameraTrial trial, LiveNodes nodes) : PageModel
{
    private const string ChosenKey = "Camera.Chosen";

    /// <summary>The device whose camera is shown; null if there is only one.</summary>
    public string? Device => nodes.Device;

    /// <summary>The device whose page has the form that was submitted.</summary>
    [BindProperty]
    public string? Of { get; set; }

    public CameraStatus Status => camera.Status;

    public bool IsConfigured => selection.IsConfigured;

    public IReadOnlyList<FoundDevice> Devices { get; private set; } = [];

    public string? Problem { get; private set; }

    public bool IsChosen { get; private set; }

    /// <summary>The source that was tried with this request.</summary>
    public TriedSource? Tried { get; private set; }

    /// <summary>What was typed, for the field; null if it may contain a password.</summary>
    public string? Entered { get; private set; }

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
    public async Task<IActionResult> OnGetFrameAsync() =>
        Picture(await camera.PreviewAsync(HttpContext.RequestAborted));

    /// <summary>The picture of the last trial as a JPEG, or 404.</summary>
    public IActionResult OnGetTried(string? id) => Picture(trial.Find(id)?.Source.Picture);

    /// <summary>Tries a source without choosing it.</summary>
    public async Task<IActionResult> OnPostTryAsync(string? source)
    {
        if (OtherDevice() is { } problem)
            Tried = new TriedSource(null, Device!, null, problem);
        else
            Tried = await trial.TryAsync(source, Viewer.Of(User).Id, HttpContext.RequestAborted);
        Entered = CameraTrial.Repeatable(source);
        Devices = new DeviceList().Found();
        return this.PageOrPartial("_Tried");
    }

    /// <summary>Chooses a source.</summary>
    /// <param name="source">The source.</param>
    /// <param name="tried">Instead: the id of the source that was tried.</param>
    public async Task<IActionResult> OnPostAsync(string? source, string? tried)
    {
        if (OtherDevice() is { } problem)
            return Refuse(source, problem);
        var value = tried is null ? source : trial.Find(tried)?.Value;
        Problem = tried is not null && value is null
            ? "This try is over ten minutes old, or another source was tried since. Enter the source again."
            : await selection.ChooseAsync(value, Viewer.Of(User).Id);
        if (Problem is not null)
            return Refuse(source, Problem);

        trial.Forget(tried);
        TempData[ChosenKey] = true;
        return LocalRedirect("/admin/camera");
    }

    /// <summary>A proxy can pass page and answer to different devices, each with its own camera.</summary>
    private string? OtherDevice() => Of is not { Length: > 0 } shown || shown == nodes.Self ? null
        : $"This page was about the camera of {shown}, but {nodes.Self} has answered. Nothing was changed. "
            + $"Open the address of {shown} itself, without the proxy.";

    private PageResult Refuse(string? source, string problem)
    {
        (Problem, Entered) = (problem, CameraTrial.Repeatable(source));
        Devices = new DeviceList().Found();
        return Page();
    }

    private IActionResult Picture(Frame? frame)
    {
        Response.Headers.CacheControl = "private, no-store";
        return frame is null ? NotFound() : File(frame.Jpeg, "image/jpeg");
    }
}

using System.ComponentModel.DataAnnotations;
using Hangfire;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Capture;
using SentinelCam.ImageLog;
using SentinelCam.Jobs;
using SentinelCam.LoginAttempts;

namespace SentinelCam.Pages;

public sealed class LoginModel(
    PasswordCheck passwords, LoginAttemptRecorder recorder, SignInManager<Account> signIn, CameraFeed camera, IBackgroundJobClient jobs, ILogger<LoginModel> logger) : PageModel
{
    private const int MaxEchoLength = 256;

    [BindProperty]
    public string? Email { get; set; }

    // A password may consist of spaces
    [BindProperty, DisplayFormat(ConvertEmptyStringToNull = false)]
    public string? Password { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? ReturnUrl { get; set; }

    public string? Problem { get; private set; }

    /// <summary>Somebody is at the door: the camera opens in the background, so that its picture is of the moment.</summary>
    public void OnGet() => camera.Warm();

    public async Task<IActionResult> OnPostAsync()
    {
        if (string.IsNullOrEmpty(Email) || string.IsNullOrEmpty(Password))
            return Failed("Enter your mail address and your password.");

        var (account, passwordIsRight) = await passwords.CheckAsync(Email, Password);
        var attempt = await recorder.RecordUnlessAcceptedAsync(account, passwordIsRight, Email, Visitor.Of(HttpContext));
        if (attempt is null && account is not null)
        {
            await signIn.SignInAsync(account, isPersistent: false);
            return LocalRedirect(Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : "/dashboard");
        }

        if (attempt is { } recorded)
            jobs.EnqueueOrLeaveToSweep<CaptureSnapshotJob>(
                CaptureSnapshotJob.QueueFor(CaptureTrigger.FailedLogin, recorded.OpensAlert), job => job.RunAsync(recorded.EntryId, CancellationToken.None), logger);
        return Failed("The mail address or the password is wrong, or the account is not open now. If you are the owner, wait five minutes after several failures.");
    }

    /// <summary>The same for every reason.</summary>
    private PageResult Failed(string problem)
    {
        Problem = problem;
        Email = VisitorText.Clean(Email, MaxEchoLength);
        return Page();
    }
}

using System.ComponentModel.DataAnnotations;
using System.Data.Common;
using Hangfire;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.LoginAttempts;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

public sealed class LoginModel(
    PasswordCheck passwords, LoginAttemptRecorder recorder, UnrecordedGuesses unrecorded, SignInManager<Account> signIn, CameraFeed camera, TimeProvider time, IBackgroundJobClient jobs, ILogger<LoginModel> logger) : PageModel
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
        var at = time.GetUtcNow();
        // Where the form was left open for long, it opens while the password is checked
        camera.Warm();
        if (string.IsNullOrEmpty(Email) || string.IsNullOrEmpty(Password))
            return Failed("Enter your mail address and your password.");

        var (account, passwordIsRight) = await passwords.CheckAsync(Email, Password);
        var visitor = Visitor.Of(HttpContext);
        Submission submission;
        try
        {
            submission = await recorder.RecordAsync(account, passwordIsRight, Email, visitor, at);
        }
        catch (Exception error) when (error is DbException or DbUpdateException)
        {
            unrecorded.Add();
            return NotRecorded((error.InnerException ?? error).Message);
        }

        if (submission is { IsAccepted: true, Recorded: null } && unrecorded.AreTooMany)
            return NotRecorded("too many guesses before it could not be recorded");
        if (submission.Recorded is not null)
            unrecorded.Clear();

        jobs.EnqueueCapture(submission.Recorded, logger);
        if (submission.IsAccepted && account is not null)
        {
            await signIn.SignInAsync(account, isPersistent: false);
            logger.LogInformation("Account {AccountId} signed in from {RemoteAddress}", account.Id, visitor.RemoteAddress);
            return LocalRedirect(Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : "/dashboard");
        }

        return Failed("The mail address or the password is wrong, or the account is not open now. If you are the owner, wait five minutes after several failures.");
    }

    /// <summary>Whoever cannot be recorded is not let in, and is told the same whoever they are.</summary>
    private PageResult NotRecorded(string problem)
    {
        logger.LogError("A sign-in was refused, since it or others could not be recorded: {Problem}", problem);
        Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        Response.Headers.RetryAfter = "60";
        return Failed("Nobody can sign in now: SentinelCam cannot write to its database. If you run it, make room on its disk; else try again in a minute.");
    }

    /// <summary>The same for every reason.</summary>
    private PageResult Failed(string problem)
    {
        Problem = problem;
        Email = VisitorText.Clean(Email, MaxEchoLength);
        return Page();
    }
}

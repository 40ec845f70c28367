using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Pages.Endpoints;
using SentinelCam.Pages.Http;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

[EnableRateLimiting(RateLimits.Password)]
public sealed class SettingsModel(
    UserManager<Account> accounts, SignInManager<Account> signIn, PasswordChange passwords, AlertSettings alerts, ExtraRecipients recipients, AlertOptions options,
    LiveUpdates live, TimeProvider time) : PageModel
{
    private const string ChangedElsewhere = "Your account was changed somewhere else at the same moment. Try again.";

    public string? Email { get; private set; }

    [BindProperty, DisplayFormat(ConvertEmptyStringToNull = false)]
    public string? Current { get; set; }

    [BindProperty, DisplayFormat(ConvertEmptyStringToNull = false)]
    public string? New { get; set; }

    // Texts, so that a wrong one is answered in plain words
    [BindProperty]
    public string? AlertFrom { get; set; }

    [BindProperty]
    public string? QuietMinutes { get; set; }

    [BindProperty]
    public string? TimeZone { get; set; }

    [BindProperty]
    public string? PausedUntil { get; set; }

    [BindProperty]
    public string? Recipient { get; set; }

    public string? ExtraRecipient { get; private set; }

    public string? PendingRecipient { get; private set; }

    public int DefaultQuietMinutes => (int)Math.Ceiling(options.QuietPeriod.TotalMinutes);

    public async Task OnGetAsync()
    {
        if (await accounts.GetUserAsync(User) is { } account)
            Show(account, alertsToo: true);
    }

    public async Task<IActionResult> OnPostAsync()
    {
        var account = await accounts.GetUserAsync(User);
        if (account is null)
            return Challenge();
        if (New is not { Length: >= Registration.MinPasswordLength and <= Registration.MaxPasswordLength })
        {
            ModelState.AddModelError(nameof(New), $"Enter a new password of {Registration.MinPasswordLength} to {Registration.MaxPasswordLength} characters.");
            return Again(account, alertsToo: true);
        }

        var outcome = await passwords.ChangeAsync(account, Current ?? "", New, Visitor.Of(HttpContext));
        if (outcome is PasswordChangeOutcome.Changed)
        {
            await signIn.RefreshSignInAsync(account);
            return Done("Your password was changed.");
        }

        if (outcome is PasswordChangeOutcome.NotRecorded)
            Response.SayUnavailable();
        ModelState.AddModelError(nameof(Current), outcome switch
        {
            PasswordChangeOutcome.WrongPassword =>
                "The current password is wrong, so nothing was changed. The failure is recorded like a failed sign-in.",
            PasswordChangeOutcome.NotRecorded => Unavailable.Advice,
            _ => ChangedElsewhere,
        });
        return Again(account, alertsToo: true);
    }

    public async Task<IActionResult> OnPostEndSessionsAsync()
    {
        var account = await accounts.GetUserAsync(User);
        if (account is null)
            return Challenge();
        if (!await passwords.EndOtherSessionsAsync(account))
        {
            ModelState.AddModelError("", ChangedElsewhere);
            return Again(account, alertsToo: true);
        }

        await signIn.RefreshSignInAsync(account);
        live.End(account.Id);
        return Done("All other browsers will be signed out within a minute.");
    }

    public async Task<IActionResult> OnPostAlertsAsync()
    {
        var account = await accounts.GetUserAsync(User);
        if (account is null)
            return Challenge();
        var wishes = new AlertWishes(ReadAlertFrom(), ReadQuietMinutes(), ReadPausedUntil());
        if (!ModelState.IsValid)
            return Again(account, alertsToo: false);

        await alerts.ChangeAsync(account.Id, wishes, string.IsNullOrEmpty(TimeZone) ? null : TimeZone);
        return Done("Your alert settings were saved.");
    }

    public async Task<IActionResult> OnPostRecipientAsync()
    {
        var account = await accounts.GetUserAsync(User);
        if (account is null)
            return Challenge();
        var outcome = await recipients.AskAsync(account.Id, Recipient, $"{Request.Scheme}://{Request.Host}{Request.PathBase}");
        if (outcome is RecipientOutcome.Asked)
            return Done("The address was asked to confirm. Your alerts are sent there once it has.");
        ModelState.AddModelError(nameof(Recipient), outcome switch
        {
            RecipientOutcome.OwnAddress => "This is your own address, which already gets your alerts. Enter another one.",
            RecipientOutcome.TooMany => $"You have asked {ExtraRecipients.MaxAskedPerDay} addresses within a day. Try again tomorrow.",
            _ => $"Enter an email address such as name@example.org, at most {Registration.MaxEmailLength} characters.",
        });
        return Again(account, alertsToo: true);
    }

    public async Task<IActionResult> OnPostRemoveRecipientAsync()
    {
        var account = await accounts.GetUserAsync(User);
        if (account is null)
            return Challenge();
        await recipients.RemoveAsync(account.Id);
        return Done("The second address was removed.");
    }

    private int ReadAlertFrom()
    {
        if (int.TryParse(AlertFrom, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= AlertWishes.MaxAlertFrom)
            return number;
        ModelState.AddModelError(nameof(AlertFrom), $"Enter the number of the failure that sends the first email, 1 to {AlertWishes.MaxAlertFrom}.");
        return 1;
    }

    private int? ReadQuietMinutes()
    {
        if (string.IsNullOrWhiteSpace(QuietMinutes))
            return null;
        if (int.TryParse(QuietMinutes, NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) && minutes is >= 1 and <= AlertSettings.MaxQuietMinutes)
            return minutes;
        ModelState.AddModelError(nameof(QuietMinutes), $"Enter the quiet period in whole minutes, 1 to {AlertSettings.MaxQuietMinutes}, or leave it empty.");
        return null;
    }

    private DateTimeOffset? ReadPausedUntil()
    {
        if (!string.IsNullOrEmpty(TimeZone) && !TimeZones.Ids.Contains(TimeZone))
            ModelState.AddModelError(nameof(TimeZone), "Choose a time zone from the list.");
        if (string.IsNullOrWhiteSpace(PausedUntil))
            return null;
        var zone = TimeZones.Find(string.IsNullOrEmpty(TimeZone) ? null : TimeZone);
        if (DateTime.TryParseExact(PausedUntil, ["yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var local)
            && local.Year is > 1970 and < 9000)
        {
            // An hour that the clocks skip has the offset of the one before
            var until = new DateTimeOffset(local, zone.GetUtcOffset(local));
            if (until > time.GetUtcNow() && until <= time.GetUtcNow() + AlertSettings.MaxPause)
                return until;
        }

        ModelState.AddModelError(nameof(PausedUntil), $"Enter a future time, at most {AlertSettings.MaxPause.Days} days ahead, or leave it empty for no pause.");
        return null;
    }

    private void Show(Account account, bool alertsToo)
    {
        (Email, ExtraRecipient) = (account.Email, account.ExtraRecipient);
        PendingRecipient = account.PendingRecipientUntil > time.GetUtcNow() ? account.PendingRecipient : null;
        Recipient = VisitorText.Clean(Recipient, Registration.MaxEmailLength);
        if (!alertsToo)
            return;
        AlertFrom = account.AlertFrom.ToString(CultureInfo.InvariantCulture);
        QuietMinutes = account.QuietMinutes?.ToString(CultureInfo.InvariantCulture);
        TimeZone = account.TimeZone;
        PausedUntil = account.PausedUntil > time.GetUtcNow()
            ? TimeZoneInfo.ConvertTime(account.PausedUntil.Value, TimeZones.Find(account.TimeZone)).ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture)
            : null;
    }

    private PageResult Again(Account account, bool alertsToo)
    {
        Show(account, alertsToo);
        (AlertFrom, QuietMinutes, PausedUntil) = (VisitorText.Clean(AlertFrom, 20), VisitorText.Clean(QuietMinutes, 20), VisitorText.Clean(PausedUntil, 20));
        return Page();
    }

    private LocalRedirectResult Done(string notice)
    {
        TempData["Notice"] = notice;
        return LocalRedirect("/settings");
    }
}

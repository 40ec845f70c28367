using System.Globalization;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Device;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>When the viewer gets alerts, and where they go.</summary>
[RecentProof(nameof(OnPostRecipientAsync), nameof(OnPostRemoveRecipientAsync))]
public sealed class AlertsModel(
    UserManager<Account> accounts, AlertSettings alerts, ExtraRecipients recipients, DeviceRules rules, AlertOptions options,
    SiteOptions site, TimeProvider time)
    : PageModel
{
    // Strings, so that a wrong value is answered in plain words

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

    [BindProperty]
    public Dictionary<string, string?> From { get; set; } = [];

    /// <summary>The users of the device whose alerts the viewer gets.</summary>
    public IReadOnlyList<string> DeviceUsers { get; private set; } = [];

    public DeviceServicesForm DeviceServices { get; private set; } = new([]);

    /// <summary>The settings in use.</summary>
    public Account? Account { get; private set; }

    /// <summary>Null while alerts are not paused.</summary>
    public DateTimeOffset? PauseEndsAt => Account?.PausedUntil > time.GetUtcNow() ? Account.PausedUntil : null;

    /// <summary>The address that has been asked to confirm and still can.</summary>
    public string? PendingRecipient => Account?.PendingRecipientUntil > time.GetUtcNow() ? Account.PendingRecipient : null;

    public string DefaultQuietMinutes => options.QuietPeriod.TotalMinutes.ToString("0.##", CultureInfo.InvariantCulture);

    public Task<IActionResult> OnGetAsync() => this.ForAccountAsync(accounts, ShowStoredAsync);

    /// <summary>A request with an unknown handler changes nothing.</summary>
    public IActionResult OnPost() => LocalRedirect("/settings");

    public Task<IActionResult> OnPostAlertsAsync() => this.ForAccountAsync(accounts, async account =>
    {
        var preferences = new AlertPreferences(ReadAlertFrom(), ReadQuietMinutes(), ReadPausedUntil());
        if (!ModelState.IsValid)
            return await ShowTypedAsync(account);
        await alerts.ChangeAsync(account.Id, preferences, string.IsNullOrEmpty(TimeZone) ? null : TimeZone);
        return Done("Your alert settings were saved.");
    });

    public Task<IActionResult> OnPostRecipientAsync() => this.ForAccountAsync(accounts, async account =>
    {
        var outcome = await recipients.AskAsync(account.Id, Recipient, site.AddressFor(HttpContext));
        if (outcome is RecipientOutcome.Asked)
            return Done("The address was asked to confirm. Your alerts are sent there once it has.");
        ModelState.AddModelError(nameof(Recipient), outcome switch
        {
            RecipientOutcome.OwnAddress => "This is your own address, which already gets your alerts. Enter another one.",
            RecipientOutcome.TooMany =>
                $"You have asked {ExtraRecipients.MaxAskedPerDay} addresses within a day. Try again tomorrow.",
            _ => $"Enter an email address such as name@example.org, at most {Registration.MaxEmailLength} characters.",
        });
        return await ShowStoredAsync(account);
    });

    public Task<IActionResult> OnPostDeviceAsync() => this.ForAccountAsync(accounts, async account =>
    {
        var form = DeviceServicesForm.Read(From, watched: null, await WatchedServicesAsync(account));
        if (form.Parse(ModelState) is { } wanted)
        {
            await rules.ChangeServicesAsync(account.Id, wanted);
            return Done("Your settings for log-ins to the device were saved.");
        }

        var page = await ShowStoredAsync(account);
        DeviceServices = form;
        return page;
    });

    public Task<IActionResult> OnPostRemoveRecipientAsync() => this.ForAccountAsync(accounts, async account =>
    {
        await recipients.RemoveAsync(account.Id);
        return Done("The second address was removed.");
    });

    private int ReadAlertFrom()
    {
        if (int.TryParse(AlertFrom, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is >= 1 and <= AlertPreferences.MaxAlertFrom)
            return number;
        ModelState.AddModelError(nameof(AlertFrom),
            $"Enter the number of the failure that sends the first email, 1 to {AlertPreferences.MaxAlertFrom}.");
        return 1;
    }

    private int? ReadQuietMinutes()
    {
        if (string.IsNullOrWhiteSpace(QuietMinutes))
            return null;
        if (int.TryParse(QuietMinutes, NumberStyles.None, CultureInfo.InvariantCulture, out var minutes)
            && minutes is >= 1 and <= AlertSettings.MaxQuietMinutes)
            return minutes;
        ModelState.AddModelError(nameof(QuietMinutes),
            $"Enter the quiet period in whole minutes, 1 to {AlertSettings.MaxQuietMinutes}, or leave it empty.");
        return null;
    }

    private DateTimeOffset? ReadPausedUntil()
    {
        if (!string.IsNullOrEmpty(TimeZone) && !TimeZones.Ids.Contains(TimeZone))
            ModelState.AddModelError(nameof(TimeZone), "Choose a time zone from the list.");
        if (string.IsNullOrWhiteSpace(PausedUntil))
            return null;
        var zone = TimeZones.Find(string.IsNullOrEmpty(TimeZone) ? null : TimeZone);
        string[] formats = ["yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss"];
        if (DateTime.TryParseExact(PausedUntil, formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local)
            && local.Year is > 1970 and < 9000)
        {
            // A time that the clocks skip gets the offset from before the change
            var until = new DateTimeOffset(local, zone.GetUtcOffset(local));
            if (until > time.GetUtcNow() && until <= time.GetUtcNow() + AlertSettings.MaxPause)
                return until;
        }

        ModelState.AddModelError(nameof(PausedUntil),
            $"Enter a future time, at most {AlertSettings.MaxPause.Days} days ahead, or leave it empty for no pause.");
        return null;
    }

    /// <summary>Fills the fields with the settings in use.</summary>
    private async Task<IActionResult> ShowStoredAsync(Account account)
    {
        await ShowDeviceAsync(account);
        Account = account;
        Recipient = VisitorText.Clean(Recipient, Registration.MaxEmailLength);
        AlertFrom = account.AlertFrom.ToString(CultureInfo.InvariantCulture);
        QuietMinutes = account.QuietMinutes?.ToString(CultureInfo.InvariantCulture);
        TimeZone = account.TimeZone;
        var end = PauseEndsAt is { } at ? TimeZoneInfo.ConvertTime(at, TimeZones.Find(account.TimeZone)) : (DateTimeOffset?)null;
        PausedUntil = end?.ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture);
        return Page();
    }

    /// <summary>Leaves what was typed in the fields.</summary>
    private async Task<IActionResult> ShowTypedAsync(Account account)
    {
        const int MaxLength = 20;
        await ShowDeviceAsync(account);
        Account = account;
        AlertFrom = VisitorText.Clean(AlertFrom, MaxLength);
        QuietMinutes = VisitorText.Clean(QuietMinutes, MaxLength);
        PausedUntil = VisitorText.Clean(PausedUntil, MaxLength);
        return Page();
    }

    private async Task ShowDeviceAsync(Account account)
    {
        DeviceUsers = [.. (await rules.UsersAsync()).Where(u => u.AccountId == account.Id).Select(u => u.Name)];
        DeviceServices = DeviceServicesForm.Of(await WatchedServicesAsync(account));
    }

    private async Task<IReadOnlyList<ServiceRule>> WatchedServicesAsync(Account account) =>
        [.. (await rules.ServicesAsync(account.Id)).Where(rule => !rule.IsOff)];

    private LocalRedirectResult Done(string notice)
    {
        TempData["Notice"] = notice;
        return LocalRedirect("/settings");
    }
}

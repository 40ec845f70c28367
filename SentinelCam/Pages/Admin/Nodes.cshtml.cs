using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Forwarding;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>The devices that report to this SentinelCam.</summary>
public sealed class NodesModel(
    SentinelCamDbContext db, NodeList nodes, DeviceEnrolment enrolment, SiteOptions site) : PageModel
{
    /// <summary>The devices of this site, this one first.</summary>
    public IReadOnlyList<NodeList.Line> Nodes { get; private set; } = [];

    [BindProperty]
    public string? Name { get; set; }

    /// <summary>The accounts that the new device may report for.</summary>
    [BindProperty]
    public List<long> Owners { get; set; } = [];

    [BindProperty]
    public bool ForAdministrators { get; set; }

    /// <summary>The code of a new device, which is shown once; otherwise null.</summary>
    [BindProperty]
    public string? Code { get; set; }

    /// <summary>The token of a device that was just enrolled, which is shown once; otherwise null.</summary>
    public string? Token { get; private set; }

    public IReadOnlyList<ReportingDevice> Devices { get; private set; } = [];

    public IReadOnlyList<AccountChoice> Accounts { get; private set; } = [];

    /// <summary>Where this SentinelCam is, as the device is to call it.</summary>
    public string Address => site.AddressFor(HttpContext);

    /// <summary>Whether a device will accept that address.</summary>
    public bool IsAddressSafe => Address.StartsWith("https://", StringComparison.Ordinal);

    /// <summary>What a device does, in words.</summary>
    public static string State(ReportingDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return device switch
        {
            { RevokedAt: not null } => "revoked",
            { EnrolledAt: null } => "waiting for its code",
            { LastSeenAt: null } => "enrolled, has not reported yet",
            _ => "reports",
        };
    }

    /// <summary>The difference of the clocks in words.</summary>
    public static string Clock(long? aheadMs) => aheadMs switch
    {
        null => "not known yet",
        > -2000 and < 2000 => "right",
        > 0 => $"{CameraWords.Age(TimeSpan.FromMilliseconds(aheadMs.Value))} ahead",
        _ => $"{CameraWords.Age(TimeSpan.FromMilliseconds(-aheadMs.Value))} behind",
    };

    /// <summary>The accounts that a device reports for, as text.</summary>
    public IEnumerable<string> OwnersOf(ReportingDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var names = Accounts.Where(a => device.Owners.Exists(o => o.AccountId == a.Id)).Select(a => a.Email);
        return device.ForAdministrators ? names.Append("log-ins that belong to no account") : names;
    }

    public async Task<IActionResult> OnGetAsync()
    {
        Code = null;
        await ShowAsync();
        return Page();
    }

    public async Task<IActionResult> OnPostInviteAsync()
    {
        var (outcome, code) = await enrolment.InviteAsync(Name, Owners, ForAdministrators);
        Code = code;
        switch (outcome)
        {
            case DeviceInvitationOutcome.BadName:
                ModelState.AddModelError(nameof(Name),
                    $"Enter a name for the device, at most {ReportingDevice.MaxNameLength} characters.");
                break;
            case DeviceInvitationOutcome.NameTaken:
                ModelState.AddModelError(nameof(Name),
                    "Another device has this name. Choose another name, or revoke that device first.");
                break;
            case DeviceInvitationOutcome.NoOwners:
                ModelState.AddModelError(nameof(Owners), "Choose at least one account that the device may report for.");
                break;
        }

        // Not after a redirect: nothing but this answer ever contains the code
        await ShowAsync();
        return Page();
    }

    public async Task<IActionResult> OnPostTradeAsync()
    {
        if (await enrolment.EnrolAsync(Code) is var (name, token))
            (Name, Token) = (name, token);
        else
            ModelState.AddModelError(nameof(Code), "The code was used or has expired. Make another one.");
        Code = null;
        await ShowAsync();
        return Page();
    }

    public async Task<IActionResult> OnPostRevokeAsync(long id)
    {
        if (!await enrolment.RevokeAsync(id))
            return NotFound();
        TempData["Notice"] = "The device can no longer report. What it has reported stays.";
        return LocalRedirect("/admin/nodes");
    }

    public async Task<IActionResult> OnPostForgetAsync(string? node)
    {
        if (!await nodes.ForgetAsync(node))
            return NotFound();
        TempData["Notice"] = "The device is removed from the list. If its SentinelCam is started again, it comes back.";
        return LocalRedirect("/admin/nodes");
    }

    private async Task ShowAsync()
    {
        Response.Headers.CacheControl = "no-store";
        Name = VisitorText.Clean(Name, ReportingDevice.MaxNameLength);
        Nodes = await nodes.ReadAsync();
        Devices = await enrolment.ListAsync();
        Accounts = await db.Users.AsNoTracking().Where(a => a.ApprovedAt != null).OrderBy(a => a.Email)
            .Select(a => new AccountChoice(a.Id, a.Email!)).ToListAsync();
    }

    /// <summary>An account that a device can report for.</summary>
    public sealed record AccountChoice(long Id, string Email);
}

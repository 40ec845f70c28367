using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Device;
using SentinelCam.Forwarding;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>Log-ins to the device: what is reported, who is told, and from which failure on.</summary>
public sealed class DeviceModel(
    SentinelCamDbContext db, DeviceStatus status, DeviceOptions options, DeviceRules rules,
    ForwardStatus central, LiveNodes nodes) : PageModel
{
    /// <summary>The first number of a person's user on Linux, and the first beyond them.</summary>
    private const uint FirstPerson = 1_000, EndOfPersons = 60_000;

    [BindProperty]
    public string? DeviceUser { get; set; }

    [BindProperty]
    public long? AccountId { get; set; }

    [BindProperty]
    public Dictionary<string, string?> From { get; set; } = [];

    [BindProperty]
    public Dictionary<string, string?> Watched { get; set; } = [];

    /// <summary>The device whose state is shown; null if there is only one.</summary>
    public string? Device => nodes.Device;

    public DeviceStatus Status => status;

    public string SourceInWords => options.Source switch
    {
        DeviceSource.Spool => "Log-ins are reported through PAM, at the moment when they happen.",
        DeviceSource.Journal => "Log-ins are read from the journal. That is slower and less exact than PAM: pictures come up to "
            + "half a second later, and some programs report several failures as one or none at all.",
        DeviceSource.EventLog => "Log-ins are read from Windows' security log. This has not been tried on Windows yet.",
        _ => "Log-ins to the device are not watched, because Device:Source is None.",
    };

    public string RemoteInWords => options.PhotographRemote
        ? "Log-ins over the network are photographed too, because Device:PhotographRemote is set."
        : "Log-ins over the network are recorded and mailed without a picture: the camera would show somebody else.";

    /// <summary>What stands in PAM; null where there is none.</summary>
    public PamState? Pam { get; private set; }

    /// <summary>Whether the spool is there, but nothing writes into it.</summary>
    public bool IsWithoutLines => options.Source is DeviceSource.Spool && Pam is { ReportsFailed: false };

    /// <summary>The central SentinelCam that this device reports to.</summary>
    public ForwardStatus Central => central;

    /// <summary>How many entries wait to be reported.</summary>
    public int Waiting { get; private set; }

    public DateTimeOffset? LastAccepted { get; private set; }

    /// <summary>Why a report that waits was not accepted; null if there is none.</summary>
    public string? CentralReply { get; private set; }

    public IReadOnlyList<DeviceUser> Users { get; private set; } = [];

    public IReadOnlyList<AccountChoice> Accounts { get; private set; } = [];

    /// <summary>The users of the device who are people.</summary>
    public IReadOnlyList<string> LocalUsers { get; private set; } = [];

    public DeviceServicesForm Services { get; private set; } = new([]);

    /// <summary>What happened, and what became of it.</summary>
    public static string InWords(SeenEvent seen)
    {
        ArgumentNullException.ThrowIfNull(seen);
        return seen.Result switch
        {
            DeviceEventResult.SwitchedOff => "ignored, because this program is switched off",
            DeviceEventResult.Repeated => "recorded before",
            DeviceEventResult.OrdinarySuccess => "logged in",
            _ => seen.Event.IsAccepted ? "logged in after several failures" : "failed",
        };
    }

    public Task OnGetAsync() => ShowAsync();

    public async Task<IActionResult> OnPostAssignAsync()
    {
        var name = VisitorText.Clean(DeviceUser, DeviceRules.MaxUserLength);
        var exists = AccountId is null || !OperatingSystem.IsLinux() || OsUser.FindFast(name) is not null;
        if (exists && await rules.AssignAsync(name, AccountId))
        {
            TempData["Notice"] = AccountId is null ? "The user is no longer assigned." : "The user was assigned.";
            return LocalRedirect("/admin/device");
        }

        ModelState.AddModelError(nameof(DeviceUser), "Enter the name of a user of this device, and choose an account.");
        await ShowAsync();
        return Page();
    }

    public async Task<IActionResult> OnPostServicesAsync()
    {
        var form = DeviceServicesForm.Read(From, Watched, await rules.ServicesAsync(null));
        if (form.Parse(ModelState) is { } wanted)
        {
            await rules.ChangeServicesAsync(null, wanted);
            TempData["Notice"] = "The programs were saved.";
            return LocalRedirect("/admin/device");
        }

        await ShowAsync();
        Services = form;
        return Page();
    }

    private async Task ShowAsync()
    {
        DeviceUser = VisitorText.Clean(DeviceUser, DeviceRules.MaxUserLength);
        Users = await rules.UsersAsync();
        Accounts = await db.Users.AsNoTracking().Where(a => a.ApprovedAt != null).OrderBy(a => a.Email)
            .Select(a => new AccountChoice(a.Id, a.Email!)).ToListAsync();
        Services = DeviceServicesForm.Of(await rules.ServicesAsync(null));
        if (central.Host is not null)
        {
            Waiting = await central.CountWaitingAsync();
            LastAccepted = await central.LastAcceptedAsync();
            CentralReply = await central.LastReplyAsync();
        }

        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            LocalUsers = [.. OsUser.Local().Where(u => u.Id is >= FirstPerson and < EndOfPersons).Select(u => u.Name).Order()];
            Pam = PamInstallation.Inspect();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The page shows what can be read
        }
    }

    /// <summary>An account to which a user can be assigned.</summary>
    public sealed record AccountChoice(long Id, string Email);
}

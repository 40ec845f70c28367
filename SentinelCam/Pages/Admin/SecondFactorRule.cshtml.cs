using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>Of whom a second factor is demanded.</summary>
public sealed class SecondFactorRuleModel(SentinelCamDbContext db, ActivityLog activity, ILogger<SecondFactorRuleModel> logger)
    : PageModel
{
    [BindProperty]
    public SecondFactorDemand Demand { get; set; }

    /// <summary>The number of approved accounts.</summary>
    public int Accounts { get; private set; }

    /// <summary>How many of them have no second factor.</summary>
    public int Lacking { get; private set; }

    public int LackingAdministrators { get; private set; }

    public static string InWords(SecondFactorDemand demand) => demand switch
    {
        SecondFactorDemand.Everybody => "everybody",
        SecondFactorDemand.Administrators => "administrators",
        _ => "nobody",
    };

    public async Task OnGetAsync()
    {
        Demand = await db.SecondFactorDemandAsync();
        Accounts = await db.Users.CountAsync(a => a.ApprovedAt != null);
        Lacking = await db.Users.CountAsync(a => a.ApprovedAt != null && !a.TwoFactorEnabled);
        LackingAdministrators = await db.Administrators().CountAsync(a => !a.TwoFactorEnabled);
    }

    public async Task<IActionResult> OnPostAsync()
    {
        if (!ModelState.IsValid || !Enum.IsDefined(Demand))
            return BadRequest();
        await db.DemandSecondFactorAsync(Demand);
        activity.Add(null, ActivityKind.SecondFactorDemanded, InWords(Demand));
        await db.SaveChangesAsync();
        logger.LogInformation("Account {AccountId} demands a second factor of {Demand}", Viewer.Of(User).Id, Demand);
        TempData["Notice"] = $"A second factor is demanded of {InWords(Demand)} from now on.";
        return LocalRedirect("/admin/accounts");
    }
}

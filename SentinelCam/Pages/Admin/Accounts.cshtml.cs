using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Mail;

namespace SentinelCam.Pages;

public sealed class AccountsModel(
    SentinelCamDbContext db, AccountApproval approval, RegistrationOptions options, SmtpOptions smtp) : PageModel
{
    public RegistrationMode Mode => options.Mode;

    /// <summary>Whether new owners confirm their addresses. Without a mail server nobody can.</summary>
    public bool AreAddressesConfirmed => smtp.Host is not null;

    public string ModeInWords => Mode switch
    {
        RegistrationMode.Open when AreAddressesConfirmed => "Anyone can register and sign in once the address is confirmed.",
        RegistrationMode.Open => "Anyone can register and sign in at once.",
        RegistrationMode.Approval => "Anyone can register. You approve each account here.",
        _ => "Nobody can register.",
    };

    /// <summary>Who must have a second factor.</summary>
    public SecondFactorDemand Demand { get; private set; }

    public IReadOnlyList<Row> Rows { get; private set; } = [];

    public async Task OnGetAsync()
    {
        var administrators = await db.Administrators().Select(a => a.Id).ToListAsync();
        Demand = await db.SecondFactorDemandAsync();
        Rows = await db.Users.AsNoTracking()
            .OrderBy(a => a.ApprovedAt != null).ThenBy(a => a.Id)
            .Select(a => new Row(
                a.Id, a.Name, a.Email!, a.RegisteredAt, a.ApprovedAt, a.EmailConfirmed, administrators.Contains(a.Id)))
            .ToListAsync();
    }

    public async Task<IActionResult> OnPostApproveAsync(long id) =>
        Answer(await approval.ApproveAsync(id), "The account was approved. Tell its owner: SentinelCam does not.");

    public async Task<IActionResult> OnPostSuspendAsync(long id) =>
        Answer(await approval.SuspendAsync(id), "The account was suspended and signed out.");

    public async Task<IActionResult> OnPostRemoveAsync(long id) =>
        Answer(await approval.RemoveAsync(id), "The account was removed.");

    private IActionResult Answer(bool done, string notice)
    {
        if (!done)
            return NotFound();
        TempData["Notice"] = notice;
        return LocalRedirect("/admin/accounts");
    }

    public sealed record Row(
        long Id, string Name, string Email, DateTimeOffset RegisteredAt, DateTimeOffset? ApprovedAt, bool IsConfirmed,
        bool IsAdministrator);
}

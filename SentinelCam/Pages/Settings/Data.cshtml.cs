using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.People;

namespace SentinelCam.Pages;

/// <summary>What the viewer can have done with everything about them: a copy, or its end.</summary>
[EnableRateLimiting(RateLimits.ExportAccount)]
[RecentProof(nameof(OnPostExportAsync), nameof(OnPostDeleteAsync))]
public sealed class DataModel(
    UserManager<Account> accounts, SignInManager<Account> signIn, AccountExport export, AccountDeletion deletion,
    DeletionOptions options, TimeProvider time) : PageModel
{
    /// <summary>The viewer's address, typed to confirm that the account is to be deleted.</summary>
    [BindProperty]
    public string? Address { get; set; }

    public string? Email { get; private set; }

    public string AttemptsInWords => DeletionWords.Attempts(options);

    public Task<IActionResult> OnGetAsync() => this.ForAccountAsync(accounts, account => Show(account));

    /// <summary>A request with an unknown handler changes nothing.</summary>
    public IActionResult OnPost() => LocalRedirect("/settings/data");

    public async Task<IActionResult> OnPostExportAsync()
    {
        var id = Viewer.Of(User).Id;
        await export.BeginAsync(id);
        // Closing the archive writes its directory synchronously
        HttpContext.Features.Get<IHttpBodyControlFeature>()!.AllowSynchronousIO = true;
        Response.ContentType = "application/zip";
        Response.Headers.ContentDisposition = string.Create(CultureInfo.InvariantCulture,
            $"attachment; filename=\"sentinelcam-account-{time.GetUtcNow():yyyyMMdd-HHmmss}.zip\"");
        await export.WriteAsync(id, Response.Body, HttpContext.RequestAborted);
        return new EmptyResult();
    }

    public Task<IActionResult> OnPostDeleteAsync() => this.ForAccountAsync(accounts, async account =>
    {
        switch (await deletion.DeleteAsync(account.Id, Address, byOwner: true))
        {
            case DeletionOutcome.OtherAddress:
                return Show(account, nameof(Address), DeletionWords.OtherAddress);
            case DeletionOutcome.LastAdministrator:
                return Show(account, "", "You are the only administrator, so your account cannot be deleted: nobody could manage "
                    + "this site. Make somebody else an administrator first.");
            default:
                await signIn.SignOutAsync();
                TempData["Notice"] = DeletionWords.Own;
                return LocalRedirect("/login");
        }
    });

    private PageResult Show(Account account, string field = "", string? problem = null)
    {
        Email = account.Email;
        if (problem is not null)
            ModelState.AddModelError(field, problem);
        return Page();
    }
}

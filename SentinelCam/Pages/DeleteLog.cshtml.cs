using Htmx;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

public sealed class DeleteLogModel(ImageLogQuery query, ImageLogChanges changes) : PageModel
{
    public const string Deleted = "The entry and its picture were deleted.";

    [BindProperty(SupportsGet = true)]
    public long Id { get; set; }

    /// <summary>Where to go back to: a page of this site.</summary>
    [BindProperty(SupportsGet = true)]
    public string? ReturnUrl { get; set; }

    public ImageLogItem? Item { get; private set; }

    public string Back => Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : "/userdata";

    public async Task<IActionResult> OnGetAsync()
    {
        Item = await query.FindAsync(Viewer.Of(User), Id);
        if (Item is null)
            return NotFound();
        Response.Headers.Vary = "HX-Request";
        return Request.IsHtmx() ? Partial("_ConfirmDelete", Id) : Page();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        if (!await changes.DeleteAsync(Viewer.Of(User), Id))
            return NotFound();
        if (Request.IsHtmx())
        {
            // Those that show a number of entries ask for it anew
            Response.Headers["HX-Trigger"] = "log-changed";
            return Partial("_Deleted");
        }

        TempData["Notice"] = Deleted;
        return LocalRedirect(Back);
    }
}

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

    /// <summary>The page of this site to return to.</summary>
    [BindProperty(SupportsGet = true)]
    public string? ReturnUrl { get; set; }

    public ImageLogItem? Item { get; private set; }

    public string Back => Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : "/userdata";

    public async Task<IActionResult> OnGetAsync()
    {
        Item = await query.FindAsync(Viewer.Of(User), Id);
        if (Item is null)
            return NotFound();
        return this.PageOrPartial("_ConfirmDelete", Id);
    }

    public async Task<IActionResult> OnPostAsync()
    {
        if (!await changes.DeleteAsync(Viewer.Of(User), Id))
            return NotFound();
        if (Request.IsHtmx())
        {
            // Refreshes the number of entries on the page
            Response.Headers["HX-Trigger"] = "log-changed";
            return Partial("_Deleted");
        }

        TempData["Notice"] = Deleted;
        return LocalRedirect(Back);
    }
}

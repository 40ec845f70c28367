using Htmx;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

/// <summary>One entry with its pictures in full size, and the way to the next one.</summary>
public sealed class EntryModel(ImageLogQuery query, ImageLogIndex index, ImageLogChanges changes) : PageModel
{
    /// <summary>Why pictures were not pinned.</summary>
    public const string NoRoom = "Not pinned: pinned pictures of all owners already fill half of the space for pictures, "
        + "and the rest is kept for new ones. Unpin or delete some of yours, or ask the administrator for more space.";

    [BindProperty(SupportsGet = true)]
    public long Id { get; set; }

    /// <summary>Which of the entry's pictures to show, starting at 1.</summary>
    [BindProperty(SupportsGet = true)]
    public int Picture { get; set; } = 1;

    public ImageLogItem? Item { get; private set; }

    /// <summary>Why the picture was not pinned.</summary>
    public string? Problem { get; private set; }

    /// <summary>Where the left arrow leads: to the previous picture or, from the first one, to the next newer entry.</summary>
    public string? Previous { get; private set; }

    /// <summary>Where the right arrow leads: to the next picture or, from the last one, to the next older entry.</summary>
    public string? Next { get; private set; }

    public async Task<IActionResult> OnGetAsync()
    {
        var viewer = Viewer.Of(User);
        Item = await query.FindAsync(viewer, Id);
        if (Item is null)
            return NotFound();
        Picture = Math.Clamp(Picture, 1, Math.Max(1, Item.Pictures.Count));
        var (newer, older) = await index.NeighboursAsync(viewer, LogPlace.Of(Item.Entry));
        Previous = Picture > 1 ? UrlOf(Picture - 1) : newer is null ? null : $"/userdata/{newer}";
        Next = Picture < Item.Pictures.Count ? UrlOf(Picture + 1) : older is null ? null : $"/userdata/{older}";
        return this.PageOrPartial("_Viewer");
    }

    /// <summary>The entry's row in a list, in place of the question whether to delete it.</summary>
    /// <param name="tile">Whether the list is a gallery.</param>
    public async Task<IActionResult> OnGetRowAsync(bool tile = false)
    {
        Item = await query.FindAsync(Viewer.Of(User), Id);
        return Item is null ? NotFound() : Request.IsHtmx() ? Row(Item, tile) : LocalRedirect($"/userdata/{Id}");
    }

    /// <summary>Pins or unpins the picture. Answers the row of the list or the viewer, whichever asked.</summary>
    /// <param name="pinned">True to keep the picture, false to let it expire.</param>
    /// <param name="returnUrl">The list to return to.</param>
    public async Task<IActionResult> OnPostPinAsync(bool pinned, string? returnUrl)
    {
        var outcome = await changes.PinAsync(Viewer.Of(User), Id, pinned);
        if (outcome is PinOutcome.NoPicture)
            return NotFound();
        if (outcome is PinOutcome.NoRoom)
            return await NoRoomAsync();
        if (!Request.IsHtmx())
        {
            TempData["Notice"] = pinned
                ? "The picture is pinned. It is kept until you unpin or delete it."
                : "The picture is no longer pinned.";
            return LocalRedirect(Url.IsLocalUrl(returnUrl) ? $"{returnUrl}#entry-{Id}" : $"/userdata/{Id}");
        }

        if (Request.Headers["HX-Target"] == $"entry-{Id}")
            return await OnGetRowAsync();
        // The list behind the viewer shows the entry too
        Response.Headers["HX-Trigger"] = $"{{\"entry-changed\":{Id}}}";
        return await OnGetAsync();
    }

    /// <summary>Shows the refusal among the notices for a row, and in the viewer itself, which covers the notices.</summary>
    private async Task<IActionResult> NoRoomAsync()
    {
        if (Request.IsHtmx() && Request.Headers["HX-Target"] == $"entry-{Id}")
        {
            Response.Headers["HX-Retarget"] = "#notice";
            Response.Headers["HX-Reswap"] = "innerHTML show:window:top";
            return new ContentResult
            {
                StatusCode = StatusCodes.Status409Conflict,
                ContentType = "text/html",
                Content = $"<p class=\"problem\">{NoRoom}</p>",
            };
        }

        Problem = NoRoom;
        return await OnGetAsync();
    }

    private PartialViewResult Row(ImageLogItem item, bool tile) => new()
    {
        ViewName = "_Entries",
        ViewData = new ViewDataDictionary<IReadOnlyList<ImageLogItem>>(MetadataProvider, ModelState)
        {
            Model = [item],
            ["Selectable"] = CurrentPage.PathOf(Request) == "/userdata",
            ["Tiles"] = tile,
        },
    };

    public string UrlOf(int picture) => $"/userdata/{Id}?Picture={picture}";
}

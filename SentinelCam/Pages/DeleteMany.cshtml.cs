using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

/// <summary>Asks whether to delete the selected entries, or all that match a search, then deletes exactly those.</summary>
[RecentProof(nameof(OnPostAsync))]
public sealed class DeleteManyModel(
    ImageLogQuery query, ImageLogIndex index, ImageLogChanges changes, ViewerTime viewers) : PageModel
{
    private const int MaxShown = 3;

    [BindProperty(SupportsGet = true)]
    public LogFilterForm Search { get; set; } = new();

    /// <summary>The selected entries; empty for all that match the search.</summary>
    [BindProperty]
    public long[] Ids { get; set; } = [];

    /// <summary>Where the search begins. Entries that came after the question stay.</summary>
    [BindProperty]
    public string? Before { get; set; }

    public int Count { get; private set; }

    /// <summary>More entries match than can be deleted at once.</summary>
    public bool IsCut { get; private set; }

    public IReadOnlyList<ImageLogItem> Shown { get; private set; } = [];

    /// <summary>Asks about all entries that match the search.</summary>
    public async Task<IActionResult> OnGetAsync()
    {
        if (Search.IsTextTooShort)
            return BackWith($"Type at least {ImageLogFilter.MinTextLength} characters to search for. "
                + "A shorter text would match every entry.");
        var viewer = Viewer.Of(User);
        var filter = Search.FilterIn(await viewers.ZoneAsync());
        var page = await query.PageAsync(viewer, filter, count: MaxShown);
        if (page.Items.Count == 0)
            return BackWith("Nothing was deleted: no entry matches.");
        Shown = page.Items;
        var newest = LogPlace.Of(page.Items[0].Entry);
        var first = newest with { Id = newest.Id + 1 };
        Before = first.ToString();
        Count = await index.CountAsync(viewer, filter, ImageLogChanges.MaxDeleted + 1, first);
        IsCut = Count > ImageLogChanges.MaxDeleted;
        Count = Math.Min(Count, ImageLogChanges.MaxDeleted);
        return Page();
    }

    /// <summary>Asks about the selected entries.</summary>
    public async Task<IActionResult> OnPostAskAsync()
    {
        var items = await query.ItemsAsync(Viewer.Of(User), Ids);
        if (items.Count == 0)
            return BackWith("Select entries first, with the boxes beside their pictures.");
        Ids = [.. items.Select(item => item.Entry.Id)];
        (Count, Shown) = (items.Count, [.. items.Take(MaxShown)]);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        var viewer = Viewer.Of(User);
        var deleted = Ids.Length > 0 ? await changes.DeleteAsync(viewer, Ids)
            : !Search.IsTextTooShort && LogPlace.Parse(Before) is { } before
                ? await changes.DeleteAsync(viewer, Search.FilterIn(await viewers.ZoneAsync()), before)
            : 0;
        return BackWith(deleted == 1
            ? "1 entry was deleted, with its pictures."
            : $"{deleted} entries were deleted, with their pictures.");
    }

    private LocalRedirectResult BackWith(string notice)
    {
        TempData["Notice"] = notice;
        return LocalRedirect(Search.Url("/userdata"));
    }
}

using Htmx;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Snapshots;

namespace SentinelCam.Pages;

/// <summary>What happened to the viewer's account.</summary>
public sealed class ActivityModel(ActivityQuery query, RetentionOptions retention) : PageModel
{
    /// <summary>Only lines before this place, as <see cref="LogPlace.ToString"/> writes it.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Before { get; set; }

    public string KeptInWords => TimeWords.Of(retention.MaxRecordAge);

    public ActivityList List { get; private set; } = new([], IsOwners: true);

    public async Task<IActionResult> OnGetAsync()
    {
        var before = LogPlace.Parse(Before);
        var items = await query.OfAccountAsync(
            Viewer.Of(User).Id, before?.Id ?? long.MaxValue, ActivityQuery.PageSize + 1);
        List = ActivityList.Of(
            items, isOwners: true, before, Request.IsHtmx(), place => $"/settings/activity?Before={place}");
        return this.PageOrPartial("_Activity", List);
    }
}

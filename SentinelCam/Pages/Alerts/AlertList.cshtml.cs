using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

/// <summary>All alerts, newest first.</summary>
public sealed class AlertListModel(AlertQuery query) : PageModel
{
    private const int Shown = 13;

    /// <summary>Only alerts before this place, as <see cref="LogPlace.ToString"/> writes it.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Before { get; set; }

    public AlertPage Alerts { get; private set; } = new([], null);

    public async Task<IActionResult> OnGetAsync()
    {
        Alerts = await query.PageAsync(Viewer.Of(User), LogPlace.Parse(Before), Shown);
        return this.PageOrPartial("_List");
    }
}

using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>The browsers that are signed in to the viewer's account.</summary>
[RecentProof(nameof(OnPostEndAsync), nameof(OnPostEndSessionsAsync))]
public sealed class SessionsModel(
    UserManager<Account> accounts, AccountSessions sessions, SessionLimits limits, ILogger<SessionsModel> logger) : PageModel
{
    public string? Email { get; private set; }

    /// <summary>The viewer's own session first.</summary>
    public IReadOnlyList<Row> Rows { get; private set; } = [];

    public string IdleInWords => TimeWords.Of(limits.Idle);

    public string AbsoluteInWords => TimeWords.Of(limits.Absolute);

    public Task<IActionResult> OnGetAsync() => this.ForAccountAsync(accounts, async account =>
    {
        Email = account.Email;
        var own = HttpContext.CurrentSession();
        Rows = [.. (await sessions.ListAsync(account.Id))
            .Select(s => new Row(s, BrowserWords.Of(s.UserAgent) is { Length: > 0 } words ? words : "unknown browser",
                s.KeyHash == own.KeyHash))
            .OrderByDescending(row => row.IsThis)];
        return Page();
    });

    /// <summary>A request with an unknown handler changes nothing.</summary>
    public IActionResult OnPost() => LocalRedirect("/settings/sessions");

    public async Task<IActionResult> OnPostEndAsync(long id)
    {
        if (!await sessions.EndAsync(Viewer.Of(User).Id, id))
            return NotFound();
        logger.LogInformation("Account {AccountId} signed out another browser", Viewer.Of(User).Id);
        TempData["Notice"] = "The browser was signed out.";
        return LocalRedirect("/settings/sessions");
    }

    public async Task<IActionResult> OnPostEndSessionsAsync()
    {
        await sessions.EndOthersAsync(HttpContext.CurrentSession());
        logger.LogInformation("Account {AccountId} signed out everywhere else", Viewer.Of(User).Id);
        TempData["Notice"] = "All other browsers were signed out.";
        return LocalRedirect("/settings/sessions");
    }

    /// <param name="Session">What is known about it.</param>
    /// <param name="Browser">The browser in words.</param>
    /// <param name="IsThis">Whether it is the viewer's own.</param>
    public sealed record Row(Session Session, string Browser, bool IsThis);
}

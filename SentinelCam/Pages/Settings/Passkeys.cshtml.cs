using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>The passkeys with which the viewer signs in.</summary>
[RecentProof]
public sealed class PasskeysModel(UserManager<Account> accounts, PasskeyChange passkeys, PasskeyChallenges challenges) : PageModel
{
    public IReadOnlyList<OwnPasskey> Passkeys { get; private set; } = [];

    /// <summary>What the browser is asked to make a passkey from; null as long as the viewer does not add one.</summary>
    public PasskeyChallenge? NewPasskey { get; private set; }

    /// <summary>Why passkeys do not work at this address; null if they do.</summary>
    public string? Problem => PasskeyAddress.ProblemOf(HttpContext);

    public string SuggestedName => BrowserWords.Of(Visitor.Of(HttpContext).UserAgent);

    public Task<IActionResult> OnGetAsync() => this.ForAccountAsync(accounts, ShowAsync);

    /// <summary>A request with an unknown handler changes nothing.</summary>
    public IActionResult OnPost() => LocalRedirect("/settings/passkeys");

    /// <summary>Lets the browser make a passkey, which comes with the next form.</summary>
    public Task<IActionResult> OnPostAddAsync() => this.ForAccountAsync(accounts, async account =>
    {
        if (Problem is not null)
            return await ShowAsync(account);
        NewPasskey = await challenges.AskForNewAsync(PasskeyPurpose.Add(HttpContext.CurrentSession()), account, HttpContext);
        return Page();
    });

    public Task<IActionResult> OnPostSaveAsync(string? name, string? credential, string? credentialState) =>
        this.ForAccountAsync(accounts, async account => await AnswerAsync(
            account,
            await passkeys.AddAsync(account, new PasskeyAnswer(credential ?? "", credentialState ?? ""),
                HttpContext.CurrentSession(), name, HttpContext),
            "The passkey was added. You can sign in with it from now on."));

    public Task<IActionResult> OnPostRenameAsync(string? id, string? name) => this.ForAccountAsync(accounts, async account =>
        await AnswerAsync(account, await passkeys.RenameAsync(account, id, name, HttpContext), "The passkey was renamed."));

    public Task<IActionResult> OnPostRemoveAsync(string? id) => this.ForAccountAsync(accounts, async account =>
        await AnswerAsync(account, await passkeys.RemoveAsync(account, id), "The passkey was removed."));

    private async Task<IActionResult> AnswerAsync(Account account, PasskeyChangeOutcome outcome, string done)
    {
        switch (outcome)
        {
            case PasskeyChangeOutcome.Changed:
                TempData["Notice"] = done;
                return LocalRedirect("/settings/passkeys");
            case PasskeyChangeOutcome.NotFound:
                return NotFound();
            case PasskeyChangeOutcome.NotSaved:
                Response.SayUnavailable();
                ModelState.AddModelError("", Unavailable.Advice);
                break;
            case PasskeyChangeOutcome.TooMany:
                ModelState.AddModelError("", "You have as many passkeys as you can have. Remove one to add another.");
                break;
            default:
                ModelState.AddModelError("", "The passkey was not added, because the browser's answer came too late or cannot be "
                    + "used. Add it again.");
                break;
        }

        return await ShowAsync(account);
    }

    private async Task<IActionResult> ShowAsync(Account account)
    {
        Passkeys = await passkeys.ListAsync(account.Id);
        return Page();
    }
}

using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>The viewer's authenticator app, recovery codes and trusted browsers.</summary>
[RecentProof(nameof(OnPostOnAsync), nameof(OnPostOffAsync), nameof(OnPostRenewAsync), nameof(OnPostDistrustAsync))]
public sealed class SecondFactorModel(
    UserManager<Account> accounts, SignInManager<Account> signIn, SecondFactorChange change, SecondFactors factors,
    AuthenticatorKeys keys, KnownBrowsers browsers, CameraFeed camera) : PageModel
{
    [BindProperty]
    public string? Code { get; set; }

    /// <summary>
    /// The encrypted secret that is being set up. The browser keeps it until a code has shown that the app has it.
    /// </summary>
    [BindProperty]
    public string? Key { get; set; }

    public string? KeyInGroups { get; private set; }

    public QrCode? Qr { get; private set; }

    public bool IsOn { get; private set; }

    /// <summary>Whether an administrator demands it.</summary>
    public bool IsDemanded { get; private set; }

    public int CodesLeft { get; private set; }

    public int TrustedBrowsers { get; private set; }

    /// <summary>Recovery codes that were just made. They are shown this once.</summary>
    public IReadOnlyList<string> NewCodes { get; private set; } = [];

    public Task<IActionResult> OnGetAsync() => this.ForAccountAsync(accounts, ShowAsync);

    /// <summary>A request with an unknown handler changes nothing.</summary>
    public IActionResult OnPost() => LocalRedirect("/settings/second_factor");

    public Task<IActionResult> OnPostOnAsync() => this.ForAccountAsync(accounts, async account =>
    {
        (var outcome, NewCodes) = await change.TurnOnAsync(account, Key, Code ?? "");
        if (outcome is FactorChangeOutcome.Changed)
            await signIn.SignInAsync(account, isPersistent: false);
        return await ShowAsync(account, outcome);
    });

    public Task<IActionResult> OnPostOffAsync() => this.ForAccountAsync(accounts, async account =>
    {
        var outcome = await change.TurnOffAsync(account, HttpContext.CurrentSession(), Code ?? "", Visitor.Of(HttpContext));
        if (outcome is not FactorChangeOutcome.Changed)
            return await ShowAsync(account, outcome);
        await signIn.SignInAsync(account, isPersistent: false);
        TempData["Notice"] = "The second factor is off.";
        return LocalRedirect("/settings/security");
    });

    public Task<IActionResult> OnPostRenewAsync() => this.ForAccountAsync(accounts, async account =>
    {
        (var outcome, NewCodes) = await change.RenewCodesAsync(
            account, HttpContext.CurrentSession(), Code ?? "", Visitor.Of(HttpContext));
        return await ShowAsync(account, outcome);
    });

    public Task<IActionResult> OnPostDistrustAsync() => this.ForAccountAsync(accounts, async account =>
    {
        await change.DistrustAsync(account);
        TempData["Notice"] = "Every browser asks for a code from now on.";
        return LocalRedirect("/settings/second_factor");
    });

    /// <summary>Returns recovery codes as a file. The page sends them, because the server has only their hashes.</summary>
    public IActionResult OnPostSave(List<string> codes)
    {
        ArgumentNullException.ThrowIfNull(codes);
        if (codes.Count is 0 or > SecondFactors.RecoveryCodes || !codes.TrueForAll(SecondFactors.IsRecoveryCode))
            return BadRequest();
        var text = $"Recovery codes for SentinelCam on {camera.Name}. Each works once.\r\n\r\n{string.Join("\r\n", codes)}\r\n";
        return File(Encoding.UTF8.GetBytes(text), "text/plain; charset=utf-8", "sentinelcam-recovery-codes.txt");
    }

    private Task<IActionResult> ShowAsync(Account account, FactorChangeOutcome outcome)
    {
        switch (outcome)
        {
            case FactorChangeOutcome.WrongCode when account.TwoFactorEnabled:
                ModelState.AddModelError(nameof(Code), "The code is wrong, or it was used before, so nothing was changed. The "
                    + "failure is recorded like a failed sign-in.");
                break;
            case FactorChangeOutcome.WrongCode:
                ModelState.AddModelError(nameof(Code), "The code is wrong, so nothing was changed. Enter the one that the app "
                    + "shows now. If it stays wrong, check that the clocks of the phone and of this device are right.");
                break;
            case FactorChangeOutcome.TooManyWrong:
                Response.SayTooManyWrong();
                ModelState.AddModelError(nameof(Code), "Too many codes were wrong in this browser, so nothing was compared or "
                    + "changed. Wait and try again; the wait doubles each time.");
                break;
            case FactorChangeOutcome.NotRecorded:
                Response.SayUnavailable();
                ModelState.AddModelError("", Unavailable.Advice);
                break;
            case FactorChangeOutcome.ChangedElsewhere:
                ModelState.AddModelError("", "Your account was changed somewhere else at the same moment. Try again.");
                break;
        }

        return ShowAsync(account);
    }

    private async Task<IActionResult> ShowAsync(Account account)
    {
        IsOn = account.TwoFactorEnabled;
        if (IsOn)
        {
            CodesLeft = await factors.CountRecoveryCodesAsync(account.Id);
            TrustedBrowsers = await browsers.CountTrustedAsync(account.Id);
            return Page();
        }

        IsDemanded = HttpContext.CurrentSession().LacksSecondFactor;
        // After a wrong code, the same one: the app has it by now
        if (keys.Reveal(account.Id, Key) is not { } secret)
        {
            Key = keys.Create(account.Id);
            secret = keys.Reveal(account.Id, Key)!;
            ModelState.Remove(nameof(Key));
        }

        KeyInGroups = string.Join(' ', secret.Chunk(4).Select(group => new string(group)));
        Qr = QrCode.Of(AuthenticatorKeys.AddressOf(secret, $"SentinelCam {camera.Name}", account.Email!));
        return Page();
    }
}

using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Cameras;
using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>
/// Where the link in an owner's mail leads; they need not be signed in. Only a button answers, because programs that scan mails
/// open their links. The page says less than the mail, in case the link alone reaches someone else.
/// </summary>
[EnableRateLimiting(RateLimits.MailLink)]
public sealed class WasItYouModel(AnswerLinks links, CameraFeed camera) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string? Token { get; set; }

    /// <summary>The answer that the link proposes, or that is given.</summary>
    [BindProperty(SupportsGet = true)]
    public AlertAnswer Answer { get; set; }

    public AnswerQuestion Question { get; private set; } = new(AnswerLinkState.Invalid);

    /// <summary>The answer was recorded just now.</summary>
    public bool IsAnswered { get; private set; }

    public string Device => camera.Name;

    /// <summary>What happened, without what the visitor typed.</summary>
    public string What => Question switch
    {
        { Alert.IsTest: true } => "test alert",
        { Delivery.Kind: MailKind.Success, Alert.Attempts: 0 } => "sign-in from a new browser",
        { Delivery.Kind: MailKind.Success, Alert.Origin: AttemptOrigin.WebPage } => "sign-in after several failed ones",
        { Delivery.Kind: MailKind.Success } => "log-in to the device after several failed ones",
        { Delivery.Kind: MailKind.KnownPassword } => "sign-in with the right password and a wrong code",
        { Alert.Origin: AttemptOrigin.WebPage } => "failed sign-in",
        _ => "failed log-in to the device",
    };

    /// <summary>Whose account it was, without the part before the @.</summary>
    public string Account => Question.Owner?.Email is { } email
        ? string.Concat(email.AsSpan(0, 1), "…", email.AsSpan(Math.Max(0, email.LastIndexOf('@'))))
        : "";

    /// <summary>When the alert began, in the owner's time zone.</summary>
    public string When => Question is { Owner: { } owner, Alert: { } alert }
        ? TimeZoneInfo.ConvertTime(alert.OpenedAt, TimeZones.Find(owner.TimeZone))
            .ToString("dddd, d MMMM yyyy 'at' HH:mm", CultureInfo.InvariantCulture)
        : "";

    public async Task OnGetAsync() => Show(await links.FindAsync(Token));

    public async Task OnPostAsync()
    {
        if (Answer is not (AlertAnswer.ItWasMe or AlertAnswer.NotMe))
        {
            Show(await links.FindAsync(Token));
            return;
        }

        Show(await links.AnswerAsync(Token, Answer));
        IsAnswered = Question.State is AnswerLinkState.Open;
    }

    private void Show(AnswerQuestion question)
    {
        Question = question;
        // The address contains the token
        Response.Headers["Referrer-Policy"] = "no-referrer";
        Response.StatusCode = question.State switch
        {
            AnswerLinkState.Open => StatusCodes.Status200OK,
            AnswerLinkState.Invalid => StatusCodes.Status404NotFound,
            _ => StatusCodes.Status410Gone,
        };
    }
}

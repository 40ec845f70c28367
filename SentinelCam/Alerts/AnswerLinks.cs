using System.Globalization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Alerts;

/// <summary>Whether a link still asks its question.</summary>
public enum AnswerLinkState
{
    /// <summary>It asks whether it was the owner.</summary>
    Open,

    /// <summary>It is altered or incomplete, or its owner has been removed, suspended, or given another address.</summary>
    Invalid,

    /// <summary>It is older than <see cref="AnswerLinks.Lifetime"/>.</summary>
    Expired,

    /// <summary>It was used.</summary>
    Used,

    /// <summary>The alert was answered since the mail, in another way.</summary>
    AnsweredElsewhere,

    /// <summary>The alert was deleted.</summary>
    Deleted,
}

/// <summary>What a link asks about.</summary>
/// <param name="State">Whether it still asks.</param>
/// <param name="Delivery">The mail with the link; null if the link is invalid.</param>
/// <param name="Owner">Who is asked; null if the link is invalid.</param>
/// <param name="Alert">The alert; null if the link does not ask.</param>
/// <param name="IsBrowserOut">Whether the answer has signed a new browser out.</param>
public sealed record AnswerQuestion(
    AnswerLinkState State, Delivery? Delivery = null, Account? Owner = null, Alert? Alert = null, bool IsBrowserOut = false);

/// <summary>
/// The links by which owners answer "Was it you?" from a mail, without signing in. Data Protection makes each from a random key,
/// so neither the mail's number nor the database is enough to forge one. A link belongs to one mail, and works once, for 30 days.
/// </summary>
public sealed class AnswerLinks(
    SentinelCamDbContext db, AlertReview review, SiteOptions site, IDataProtectionProvider protection, TimeProvider time)
{
    /// <summary>How long a link works.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>A longer text is no link of ours.</summary>
    private const int MaxTokenLength = 1000;

    // Not an ITimeLimitedDataProtector, which reads the machine's clock itself
    private readonly IDataProtector _protector = protection.CreateProtector("SentinelCam.AlertAnswer.v1");

    /// <summary>A link that proposes the answer "it was me".</summary>
    public static string ItWasMe(string link) => $"{link}&answer={AlertAnswer.ItWasMe}";

    /// <summary>A link that proposes the answer "not me".</summary>
    public static string NotMe(string link) => $"{link}&answer={AlertAnswer.NotMe}";

    /// <summary>The page of an alert; null if the site's address is not known.</summary>
    public string? PageOf(long? alertId) => alertId is null || site.Address is null ? null
        : string.Create(CultureInfo.InvariantCulture, $"{site.Address}/alerts/{alertId}");

    /// <summary>
    /// The link for a mail. Only the owner's own address gets one: a second recipient sees the pictures, but does not know what
    /// the owner typed, and nobody owns an alert of the administrators.
    /// </summary>
    /// <returns>Null for any other recipient, and if the site's address is not known.</returns>
    public string? LinkFor(Account? owner, Delivery delivery, Alert? alert)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        if (site.Address is null || owner is null || alert?.OwnerId != owner.Id || delivery.Recipient != owner.Email)
            return null;
        var until = (delivery.QueuedAt + Lifetime).ToUnixTimeSeconds();
        var token = _protector.Protect(string.Create(CultureInfo.InvariantCulture, $"{delivery.Id} {until}"));
        return $"{site.Address}/was_it_you?token={token}";
    }

    /// <summary>What a link asks. Changes nothing.</summary>
    public async Task<AnswerQuestion> FindAsync(string? token)
    {
        if (Read(token) is not var (deliveryId, until)
            || await db.Deliveries.AsNoTracking().SingleOrDefaultAsync(d => d.Id == deliveryId) is not { } delivery
            || await db.Users.AsNoTracking().SingleOrDefaultAsync(a => a.Id == delivery.RecipientId && a.ApprovedAt != null)
                is not { } owner
            || owner.Email != delivery.Recipient)
        {
            return new AnswerQuestion(AnswerLinkState.Invalid);
        }

        var state = AnswerLinkState.Open;
        // Somebody who got in could otherwise answer on the site, or delete the alert, so that this link ends nothing
        var isAboutSuccess = delivery.Kind is MailKind.Success;
        var alert = isAboutSuccess
            ? await db.Alerts.AsNoTracking().SingleOrDefaultAsync(a => a.Id == delivery.AlertId && a.OwnerId == owner.Id)
            : await review.FindAsync(new Viewer(owner.Id, IsAdministrator: false), delivery.AlertId ?? 0);
        if (delivery.AnsweredAt is not null)
            state = AnswerLinkState.Used;
        else if (until <= time.GetUtcNow())
            state = AnswerLinkState.Expired;
        else if (alert is null)
            state = AnswerLinkState.Deleted;
        // Otherwise someone who reads old mails could take back what the owner said on the site
        else if (!isAboutSuccess && IsAnsweredSince(delivery, alert))
            state = AnswerLinkState.AnsweredElsewhere;
        return new AnswerQuestion(state, delivery, owner, state is AnswerLinkState.Open ? alert : null);
    }

    /// <summary>
    /// Answers the question of a link and uses it up. "Not me" signs the browser out that the alert told about.
    /// </summary>
    /// <returns>What the link asked: the answer is recorded if it was <see cref="AnswerLinkState.Open"/>.</returns>
    public async Task<AnswerQuestion> AnswerAsync(string? token, AlertAnswer answer)
    {
        // BEGIN IMMEDIATE, so that a link that is used twice at once answers once
        await using var transaction = await db.Database.BeginTransactionAsync();
        var question = await FindAsync(token);
        if (question is not { State: AnswerLinkState.Open, Delivery: { } delivery, Owner: { } owner, Alert: { } alert })
            return question;
        if (answer is AlertAnswer.ItWasMe && IsAnsweredSince(delivery, alert))
            return new AnswerQuestion(AnswerLinkState.AnsweredElsewhere, delivery, owner);
        var viewer = new Viewer(owner.Id, IsAdministrator: false);
        await review.AnswerAsync(viewer, alert.Id, answer, AnswerChannel.Mail);
        var isBrowserOut = answer is AlertAnswer.NotMe && await review.DisownAsync(viewer, alert.Id, AnswerChannel.Mail);
        await db.Deliveries.Where(d => d.Id == delivery.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.AnsweredAt, time.GetUtcNow()));
        await transaction.CommitAsync();
        return question with { IsBrowserOut = isBrowserOut };
    }

    private static bool IsAnsweredSince(Delivery delivery, Alert alert) =>
        !alert.IsTest && alert.AnsweredAt >= delivery.CreatedAt;

    private (long DeliveryId, DateTimeOffset Until)? Read(string? token)
    {
        if (token is not { Length: > 0 and < MaxTokenLength })
            return null;
        try
        {
            return _protector.Unprotect(token).Split(' ') is [var id, var until]
                ? (long.Parse(id, CultureInfo.InvariantCulture),
                    DateTimeOffset.FromUnixTimeSeconds(long.Parse(until, CultureInfo.InvariantCulture)))
                : null;
        }
        catch (Exception error) when (error is System.Security.Cryptography.CryptographicException or FormatException)
        {
            return null;
        }
    }
}

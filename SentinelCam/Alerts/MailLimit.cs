using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Mail;

namespace SentinelCam.Alerts;

/// <summary>
/// Bounds the mails about attempts and pictures to one account within a day: somebody who keeps guessing must neither fill a
/// mailbox nor use up what the mail server accepts. What is held back is counted and told; the image log has it all. A sign-in
/// that succeeded after failures, and changes of the account, have bounds of their own and are always mailed.
/// </summary>
public sealed class MailLimit(SentinelCamDbContext db, SmtpOptions smtp, TimeProvider time)
{
    /// <summary>The most mails about attempts and pictures to an account within a day, at both addresses together.</summary>
    public const int MaxPerDay = 200;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private static readonly MailKind[] Bounded =
        [MailKind.Attempt, MailKind.LatePicture, MailKind.Summary, MailKind.Manual];

    /// <summary>Decides about one more mail, and counts it if it is held back.</summary>
    /// <param name="accountId">The account that the mail would belong to.</param>
    public async Task<bool> HoldsBackAsync(long accountId)
    {
        var now = time.GetUtcNow();
        var since = now - Day;
        // Not those from a time when the clock was ahead
        var sent = await db.Deliveries.CountAsync(d =>
            d.RecipientId == accountId && Bounded.Contains(d.Kind) && d.CreatedAt > since && d.CreatedAt <= now);
        if (sent < MaxPerDay)
            return false;
        var isFirst = !await db.HeldBackMails.AnyAsync(h => h.AccountId == accountId);
        var at = now.ToUnixTimeMilliseconds();
        // In one statement, because several workers count
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO "HeldBackMails" ("AccountId", "Count", "Since") VALUES ({accountId}, 1, {at})
                ON CONFLICT ("AccountId") DO UPDATE SET "Count" = "HeldBackMails"."Count" + 1
            """);
        if (!isFirst)
            return true;
        await AddNoticeAsync(accountId, now, string.Create(CultureInfo.InvariantCulture,
            $"You have had {MaxPerDay} emails within a day. Further attempts are recorded and photographed, and not mailed for "
                + $"now. In a day you are told how many emails were left out. A sign-in that succeeds after failures is always "
                + $"mailed."));
        return true;
    }

    /// <summary>Mails how many mails were held back, a day after the first of them.</summary>
    public async Task TellAsync(CancellationToken cancellationToken = default)
    {
        var now = time.GetUtcNow();
        var before = now - Day;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        foreach (var held in await db.HeldBackMails.Where(h => h.Since <= before).ToListAsync(cancellationToken))
        {
            db.Remove(held);
            var emails = held.Count == 1
                ? "One email was"
                : string.Create(CultureInfo.InvariantCulture, $"{held.Count} emails were");
            await AddNoticeAsync(held.AccountId, now, $"{emails} left out in the last day. The image log lists every attempt.");
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task AddNoticeAsync(long accountId, DateTimeOffset now, string line)
    {
        if (await db.Users.Where(a => a.Id == accountId).Select(a => a.Email).SingleOrDefaultAsync() is not { } email)
            return;
        db.Add(new Delivery
        {
            Kind = MailKind.MailLimit,
            RecipientId = accountId,
            Recipient = email,
            MessageId = smtp.NewMessageId(),
            Changes = line,
            CreatedAt = now,
            QueuedAt = now,
            DueAt = now,
        });
    }
}

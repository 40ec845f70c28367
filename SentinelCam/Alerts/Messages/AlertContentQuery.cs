using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Mail;

namespace SentinelCam.Alerts;

/// <summary>Reads the content of a delivery's mail from the database.</summary>
public sealed class AlertContentQuery(
    SentinelCamDbContext db, StoredMailPictures stored, CameraFeed camera, SmtpOptions smtp, ExtraRecipients recipients,
    AnswerLinks links, AccountLinks accountLinks, LiveNodes nodes)
{
    private const int MaxAddresses = 10;
    private const int MaxSummaryPictures = 5;

    /// <returns>Null if the mail is moot: its subject is gone, or its recipient was removed or suspended.</returns>
    public async Task<AlertContent?> FindAsync(Delivery delivery)
    {
        var owner = await db.Users.AsNoTracking().SingleOrDefaultAsync(a => a.Id == delivery.RecipientId);
        // The second address was removed while the mail waited for its next try
        if (owner is not null && !MailKinds.WithLink.Contains(delivery.Kind)
            && delivery.Recipient != owner.Email && delivery.Recipient != owner.ExtraRecipient)
        {
            return null;
        }

        // An owner who was suspended in the meantime no longer receives pictures
        if (owner is { ApprovedAt: null } && delivery.Kind is not (MailKind.ConfirmAddress or MailKind.AccountChanged))
            return null;
        // Somebody who was invited with a link has typed an address, and may have typed anyone's
        if (owner is { EmailConfirmed: false } && delivery.Recipient == owner.Email
            && delivery.Kind is not (MailKind.ConfirmAddress or MailKind.ChangeAddress))
        {
            return null;
        }

        var alert = await db.Alerts.AsNoTracking().SingleOrDefaultAsync(a => a.Id == delivery.AlertId);
        var content = new AlertContent
        {
            Kind = delivery.Kind,
            To = delivery.Recipient,
            ToName = delivery.Recipient == owner?.Email ? owner.Name : null,
            From = smtp.From ?? SmtpOptions.OutboxSender,
            MessageId = delivery.MessageId,
            AccountName = owner?.Email ?? delivery.Recipient,
            CameraName = camera.Name,
            TimeZone = TimeZones.Find(owner?.TimeZone),
            ComposedAt = delivery.CreatedAt,
            FirstAt = delivery.CreatedAt,
            LastAt = delivery.CreatedAt,
            IsTest = alert is { IsTest: true },
            AlertLink = links.PageOf(alert?.Id),
            AnswerLink = links.LinkFor(owner, delivery, alert),
        };
        return delivery.Kind switch
        {
            MailKind.SettingsChanged or MailKind.AccountChanged or MailKind.AccountDeleted or MailKind.MailLimit
                or MailKind.WatchNotice or MailKind.SelfTest =>
                content with { Lines = delivery.Changes?.Split('\n') ?? [] },
            MailKind.ConfirmRecipient =>
                owner is not null && recipients.LinkFor(owner, delivery) is { } link ? content with { ConfirmLink = link } : null,
            MailKind.ResetPassword or MailKind.ConfirmAddress or MailKind.ChangeAddress or MailKind.AddressChanged
                or MailKind.Invitation =>
                await accountLinks.AddressForAsync(delivery) is { } link
                    ? content with { ConfirmLink = link, Lines = delivery.Changes?.Split('\n') ?? [] }
                    : null,
            MailKind.Summary => await SummaryAsync(content, delivery),
            _ => await EntryAsync(content, delivery, alert),
        };
    }

    private async Task<AlertContent?> EntryAsync(AlertContent content, Delivery delivery, Alert? alert)
    {
        var entry = await db.ImageLog.AsNoTracking().Include(e => e.Snapshot!.Strip)
            .SingleOrDefaultAsync(e => e.Id == delivery.EntryId);
        if (entry?.Snapshot is null && (delivery.Kind is MailKind.LatePicture || (entry is null && delivery.AlertId is null)))
            return null;
        if (entry?.ClockErrorSeconds is { } error)
        {
            var line = ClockText.ForOne(entry.At.AddSeconds(error), content.TimeZone, await DeviceOfAsync(entry));
            content = content with { Lines = [line] };
        }

        if (delivery.AlertId is null)
            return await WithPicturesAsync(content with { RequestedOn = nodes.DeviceOf(entry!) }, entry!, [entry!]);

        var told = await ToldAsync(delivery, entry);
        var last = told[^1];
        content = (await WithThreadAsync(content, delivery)) with
        {
            AccountName = told[0].AccountTyped,
            SeveralAccounts = told.Exists(a => a.AccountTyped != told[0].AccountTyped),
            AccountUnknown = told.DistinctBy(a => a.AccountTyped).Count() == 1 && last.Outcome is LoginOutcome.UnknownAccount,
            ForAdministrators = last.OwnerId is null,
            Attempts = told.ConvertAll(Tell),
            AttemptCount = delivery.Kind is MailKind.Attempt ? last.NumberInAlert : told.Count,
            // Attempts are numbered in the order of password checks, not of arrival
            FirstAt = told.Min(a => a.At),
            LastAt = told.Max(a => a.At),
            IsNewBrowser = last.IsNewBrowser,
            IsPasswordKnown = told.Exists(a => a.Outcome is LoginOutcome.WrongCode),
        };
        if (last.Outcome is LoginOutcome.SucceededAfterFailures)
            content = content with { FailuresBefore = await FailuresBeforeAsync(last) };
        else if (!content.IsTest && !last.IsNewBrowser)
            content = content with { Success = await SuccessSinceAsync(told[0]) };
        if (entry is null)
            return content with { PictureProblem = "The owner has deleted the entry." };
        // A picture taken after the first mail was due has a mail of its own
        if ((delivery.Kind is MailKind.Attempt || MailKinds.Urgent.Contains(delivery.Kind))
            && await HasLatePictureMailAsync(delivery))
            return content with { PictureProblem = "It came too late for this mail and follows in another." };

        var ids = told.Select(a => (long?)a.Id).ToList();
        List<ImageLogEntry> entries = delivery.Kind is MailKind.Attempt && told.Count > 1
            ? await db.ImageLog.AsNoTracking().Include(e => e.Snapshot).Include(e => e.LoginAttempt)
                .Where(e => ids.Contains(e.LoginAttemptId)).OrderBy(e => e.Id).ToListAsync()
            : [entry];
        return await WithPicturesAsync(content, entry, entries);
    }

    private Task<bool> HasLatePictureMailAsync(Delivery delivery) => db.Deliveries.AnyAsync(d =>
        d.EntryId == delivery.EntryId && d.Recipient == delivery.Recipient && d.Kind == MailKind.LatePicture);

    private async Task<AlertContent?> SummaryAsync(AlertContent content, Delivery delivery)
    {
        var failures = db.LoginAttempts.AsNoTracking().Where(a => a.AlertId == delivery.AlertId).Failures();
        var first = await failures.OrderBy(a => a.At).ThenBy(a => a.Id).FirstOrDefaultAsync();
        if (first is null)
            return null;
        var last = await failures.OrderByDescending(a => a.At).ThenByDescending(a => a.Id).FirstAsync();
        // Lists the newest ones; the mail only counts the rest
        var told = await failures.OrderByDescending(a => a.Id).Take(AlertFacts.MaxAttemptsTold).ToListAsync();
        told.Reverse();
        var addresses = failures.GroupBy(a => a.RemoteAddress)
            .Select(group => new { Address = group.Key, Count = group.Sum(a => a.Count) });
        var top = await addresses.OrderByDescending(a => a.Count).ThenBy(a => a.Address).Take(MaxAddresses).ToListAsync();
        var best = await db.ImageLog.AsNoTracking().Include(e => e.Snapshot).Include(e => e.LoginAttempt)
            .Where(e => e.AlertId == delivery.AlertId && e.Trigger == CaptureTrigger.FailedLogin && e.Snapshot != null)
            .OrderBy(e => e.Snapshot!.Quality == FrameQuality.Good ? 0 : e.Snapshot.Quality == FrameQuality.Unchecked ? 1 : 2)
            .ThenByDescending(e => e.Snapshot!.Score).ThenBy(e => e.Snapshot!.TakenAt)
            .Take(MaxSummaryPictures).ToListAsync();
        return (await WithThreadAsync(content, delivery)) with
        {
            AccountName = first.AccountTyped,
            SeveralAccounts = await failures.AnyAsync(a => a.AccountTyped != first.AccountTyped),
            AccountUnknown = !await failures.AnyAsync(a =>
                a.AccountTyped != first.AccountTyped || a.Outcome != LoginOutcome.UnknownAccount),
            IsPasswordKnown = await failures.AnyAsync(a => a.Outcome == LoginOutcome.WrongCode),
            ForAdministrators = first.OwnerId is null,
            Lines = await ClockLinesAsync(delivery, content.TimeZone),
            CameraName = best.FirstOrDefault()?.Snapshot?.CameraName
                ?? CameraOf(first.Device, content),
            Attempts = told.ConvertAll(Tell),
            AttemptCount = await failures.SumAsync(a => a.Count),
            FirstAt = first.At,
            LastAt = await failures.MaxAsync(a => a.LastAt) is { } lastAt && lastAt > last.At ? lastAt : last.At,
            Success = await SuccessSinceAsync(first),
            Addresses = top.ConvertAll(a => new MailAddress(a.Address, a.Count)),
            AddressCount = await addresses.CountAsync(),
            Pictures = await stored.ReadAsync([.. best.OrderBy(e => e.Id)]),
        };
    }

    private async Task<IReadOnlyList<string>> ClockLinesAsync(Delivery summary, TimeZoneInfo zone)
    {
        var entries = db.ImageLog.AsNoTracking()
            .Where(e => e.AlertId == summary.AlertId && e.Trigger == CaptureTrigger.FailedLogin);
        var wrong = await entries.Where(e => e.ClockErrorSeconds != null)
            .Select(e => new { e.At, Error = e.ClockErrorSeconds!.Value }).ToListAsync();
        if (wrong.Count == 0)
            return [];
        var times = wrong.ConvertAll(e => e.At.AddSeconds(e.Error));
        return [ClockText.ForSeveral(times.Min(), times.Max(), areAll: wrong.Count == await entries.CountAsync(), zone,
            await db.Alerts.Where(a => a.Id == summary.AlertId).Select(a => a.Device).SingleOrDefaultAsync())];
    }

    /// <summary>The attempt that the mail is about. The first mail of an alert also lists the attempts before it.</summary>
    private async Task<List<LoginAttempt>> ToldAsync(Delivery delivery, ImageLogEntry? entry)
    {
        var attempts = db.LoginAttempts.AsNoTracking().Where(a => a.AlertId == delivery.AlertId);
        var outcomes = delivery.Kind switch
        {
            MailKind.Success => LoginOutcomes.Successes,
            MailKind.KnownPassword => [LoginOutcome.WrongCode],
            _ => Enum.GetValues<LoginOutcome>().Except([.. LoginOutcomes.Successes, LoginOutcome.WrongCode]).ToArray(),
        };
        var attemptId = entry?.LoginAttemptId;
        var own = await attempts.SingleOrDefaultAsync(a => a.Id == attemptId)
            // The entry was deleted, but the attempt was not
            ?? await attempts
                .Where(a => a.ToldBy == ToldBy.OwnMail && outcomes.Contains(a.Outcome))
                .OrderByDescending(a => a.At <= delivery.CreatedAt).ThenByDescending(a => a.Id).FirstAsync();
        if (delivery.Kind is not MailKind.Attempt)
            return [own];
        var told = await attempts.Where(a => a.Id < own.Id && a.ToldBy == ToldBy.LaterMail)
            .OrderByDescending(a => a.Id).Take(AlertPreferences.MaxAlertFrom - 1).ToListAsync();
        told.Reverse();
        return [.. told, own];
    }

    private async Task<AlertContent> WithThreadAsync(AlertContent content, Delivery delivery)
    {
        // The most important mails start a conversation of their own
        if (MailKinds.Urgent.Contains(delivery.Kind))
            return content;
        var earlier = db.Deliveries
            .Where(d => d.AlertId == delivery.AlertId && d.Recipient == delivery.Recipient && d.Id < delivery.Id);
        earlier = delivery.Kind is MailKind.LatePicture
            ? earlier.Where(d => d.EntryId == delivery.EntryId)
            : earlier.Where(d => !MailKinds.Urgent.Contains(d.Kind));
        var references = await earlier.OrderBy(d => d.Id).Select(d => d.MessageId).ToListAsync();
        return content with { InReplyTo = references.LastOrDefault(), References = references };
    }

    private Task<int> FailuresBeforeAsync(LoginAttempt success)
    {
        var since = success.At - AlertOptions.FailuresWithin;
        return db.LoginAttempts.OfTheSame(success).Failures()
            .Where(a => a.Id < success.Id && a.At > since)
            .SumAsync(a => a.Count);
    }

    /// <summary>
    /// The latest successful sign-in since a failure: between failures, or while the mail waited for a picture or a server.
    /// </summary>
    private async Task<MailAttempt?> SuccessSinceAsync(LoginAttempt failure) =>
        await db.LoginAttempts.AsNoTracking().OfTheSame(failure).Successes()
            .Where(a => failure.OwnerId != null || failure.Origin != AttemptOrigin.WebPage)
            .Where(a => a.Id > failure.Id)
            .OrderByDescending(a => a.Id).FirstOrDefaultAsync() is { } success ? Tell(success) : null;

    /// <summary>The device of one entry, whose mail can be about attempts at several; null if there is only one.</summary>
    private async Task<string?> DeviceOfAsync(ImageLogEntry entry) => entry.LoginAttemptId is { } id
        ? await db.LoginAttempts.Where(a => a.Id == id).Select(a => a.Device).SingleAsync()
        : nodes.DeviceOf(entry);

    /// <summary>The camera of the attempts without pictures, which may not be this device's.</summary>
    private static string CameraOf(string? device, AlertContent content) =>
        device is null ? content.CameraName : $"the one of {device}";

    private static MailAttempt Tell(LoginAttempt a) =>
        new(a.Id, a.At, a.AccountTyped, a.RemoteAddress, a.UserAgent, a.OutcomeInWords(), a.NumberInAlert)
        {
            Origin = a.Origin,
            Device = a.Device,
            Service = a.Service,
            Caller = a.Caller,
        };

    private async Task<AlertContent> WithPicturesAsync(AlertContent content, ImageLogEntry entry, List<ImageLogEntry> entries)
    {
        var pictures = await stored.ReadAsync(entries);
        return content with
        {
            CameraName = entry.Snapshot?.CameraName ?? CameraOf(await DeviceOfAsync(entry), content),
            Pictures = pictures,
            Strip = pictures.Count == 1 && entry.Snapshot is { } snapshot ? await stored.ReadStripAsync(snapshot) : [],
            PictureProblem = entry.CaptureState is CaptureState.Taken && pictures.Count > 0 ? null
                : entry.Snapshot is null && entry.CaptureProblem is { } problem ? problem
                : pictures.Count > 0 ? null
                : "The picture is no longer stored.",
        };
    }
}

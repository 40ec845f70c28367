using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.People;

/// <summary>
/// Exports everything about one account as a ZIP file, streamed as it is read: each list a page at a time, so that neither memory
/// nor the length of a read grows with it. What proves who somebody is stays out: hashes, keys and stamps.
/// </summary>
public sealed class AccountExport(
    SentinelCamDbContext db, ImageLogExport log, ActivityLog activity, ILogger<AccountExport> logger)
{
    private const int PageSize = 200;

    private const string Readme = """
        Everything that SentinelCam stores about your account
        =====================================================

        account.json     your name, your address and your settings, and how many recovery codes you have left
        passkeys.json    the names of your passkeys, when they were added, and their last sign-in
        sessions.json    the browsers that were signed in, up to 30 days after their end
        browsers.json    the browsers that are known, and their last sign-in
        links.json       links that were mailed to you, and invitations that you sent
        attempts.json    attempts to sign in to your account or, at the device, to your user
        alerts.json      bursts of attempts, and your answers to "Was it you?"
        activity.json    what happened to your account; not from where an administrator did something
        mails.json       the emails that were sent to you, or are still to be sent
        device-users.json, device-rules.json
                         your users of the device, and from which failure on you are alerted
        image-log.csv    the image log as a table, for spreadsheets
        image-log.json   the same with all details
        *.jpg            the pictures; image-log.json says which belongs to what

        Times are in UTC. Passwords, keys and links are not included: nobody needs them to read this, and a copy of them would
        be dangerous. What you had deleted is not included either.
        """;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.Default,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Records that somebody exports the account.</summary>
    public async Task BeginAsync(long id)
    {
        activity.Add(id, ActivityKind.DataExported);
        await db.SaveChangesAsync();
        logger.LogInformation("Account {AccountId} exports its data", id);
    }

    /// <param name="id">The account.</param>
    /// <param name="output">Need not be readable or seekable.</param>
    /// <param name="cancellationToken">Ends the export if the visitor disconnects.</param>
    public async Task WriteAsync(long id, Stream output, CancellationToken cancellationToken)
    {
        await using var zip = await ZipArchive.CreateAsync(
            output, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken);
        await using (var readme = new StreamWriter(await zip.CreateEntry("README.txt").OpenAsync(cancellationToken)))
            await readme.WriteAsync(Readme.AsMemory(), cancellationToken);
        foreach (var (name, rows) in Lists(id))
        {
            await using var file = await zip.CreateEntry(name).OpenAsync(cancellationToken);
            await JsonSerializer.SerializeAsync(file, InPagesAsync(rows, cancellationToken), Json, cancellationToken);
        }

        // Not what an administrator sees of others
        await log.WriteAsync(
            new ExportSelection(new Viewer(id, IsAdministrator: false), new ImageLogFilter()), zip, cancellationToken);
    }

    private (string Name, Func<long, IQueryable<Row>> After)[] Lists(long id) =>
    [
        ("account.json", last => db.Users.Where(a => a.Id == id && a.Id > last).Select(a => new Row(a.Id, new
        {
            a.Id,
            a.Name,
            a.Email,
            a.EmailConfirmed,
            a.RegisteredAt,
            a.RegisteredFrom,
            a.ApprovedAt,
            IsAdministrator = db.UserRoles.Any(held => held.UserId == id),
            a.TwoFactorEnabled,
            RecoveryCodesLeft = db.RecoveryCodes.Count(c => c.AccountId == id),
            a.AccessFailedCount,
            a.LockoutEnd,
            a.FirstStepsEndedAt,
            a.TimeZone,
            a.AlertFrom,
            a.QuietMinutes,
            a.PausedUntil,
            a.ExtraRecipient,
            a.PendingRecipient,
            a.PendingRecipientUntil,
        }))),
        // They have no number, and fit on one page: an account has few
        ("passkeys.json", last => db.UserPasskeys.Where(p => p.UserId == id && last == 0).Select(p => new Row(0, new
        {
            p.Data.Name,
            p.Data.CreatedAt,
            LastUsedAt = EF.Property<DateTimeOffset?>(p, PasskeyColumns.LastUsedAt),
        }))),
        ("sessions.json", last => db.Sessions.Where(s => s.AccountId == id && s.Id > last).OrderBy(s => s.Id)
            .Select(s => new Row(s.Id, new
            {
                s.Id,
                s.UserAgent,
                s.RemoteAddress,
                s.OpenedAt,
                s.LastSeenAt,
                s.ProvedAt,
                s.SecondFactor,
                s.EndedAt,
                s.AccessFailedCount,
                s.LockoutEnd,
            }))),
        ("browsers.json", last => db.KnownBrowsers.Where(b => b.AccountId == id && b.Id > last).OrderBy(b => b.Id)
            .Select(b => new Row(b.Id, new { b.Id, b.LastAt, b.TrustedUntil, b.AccessFailedCount, b.LockoutEnd }))),
        ("links.json", last => db.AccountLinks.Where(l => l.AccountId == id && l.Id > last).OrderBy(l => l.Id)
            .Select(l => new Row(l.Id, new { l.Id, l.Purpose, l.Address, l.CreatedAt, l.ExpiresAt, l.UsedAt }))),
        ("attempts.json", last => db.LoginAttempts.Where(a => a.OwnerId == id && a.Id > last).OrderBy(a => a.Id)
            .Select(a => new Row(a.Id, new
            {
                a.Id,
                a.At,
                a.LastAt,
                a.Count,
                a.Origin,
                a.AccountTyped,
                a.RemoteAddress,
                a.UserAgent,
                a.Service,
                a.Caller,
                a.Device,
                a.Outcome,
                a.AlertId,
                a.NumberInAlert,
                a.ToldBy,
            }))),
        ("alerts.json", last => db.Alerts.Where(a => a.OwnerId == id && a.Id > last).OrderBy(a => a.Id)
            .Select(a => new Row(a.Id, new
            {
                a.Id,
                a.Origin,
                a.RemoteNetwork,
                a.IsTest,
                a.OpenedAt,
                a.LastAt,
                a.ClosedAt,
                a.Attempts,
                a.AccountTyped,
                a.RemoteAddress,
                a.Service,
                a.SucceededAt,
                a.Answer,
                a.AnsweredAt,
                a.AnsweredThrough,
            }))),
        ("activity.json", last => db.Activity.Where(a => a.AccountId == id && a.Id > last).OrderBy(a => a.Id)
            .Select(a => new Row(a.Id, new
            {
                a.Id,
                a.At,
                a.Actor,
                a.Kind,
                a.Detail,
                a.AlertId,
                // Where an administrator works is not the owner's business
                RemoteAddress = a.Actor == ActivityActor.Administrator ? "" : a.RemoteAddress,
                Browser = a.Actor == ActivityActor.Administrator ? "" : a.Browser,
            }))),
        ("mails.json", last => db.Deliveries.Where(d => d.RecipientId == id && d.Id > last).OrderBy(d => d.Id)
            .Select(d => new Row(d.Id, new
            {
                d.Id,
                d.Kind,
                d.AlertId,
                d.EntryId,
                d.Recipient,
                d.Changes,
                d.State,
                d.Tries,
                d.LastReply,
                d.CreatedAt,
                d.QueuedAt,
                d.AcceptedAt,
                d.AcceptedBy,
                d.AnsweredAt,
            }))),
        ("device-users.json", last => db.Database
            .SqlQuery<DeviceUserRow>($"""
                SELECT ROW_NUMBER() OVER (ORDER BY "Name") AS "Id", "Name" FROM "DeviceUsers" WHERE "AccountId" = {id}
                """)
            .Where(u => u.Id > last).OrderBy(u => u.Id).Select(u => new Row(u.Id, u.Name))),
        ("device-rules.json", last => db.DeviceRules.Where(r => r.OwnerId == id && r.Id > last).OrderBy(r => r.Id)
            .Select(r => new Row(r.Id, new { r.Id, r.Service, r.AlertFrom }))),
    ];

    private static async IAsyncEnumerable<object> InPagesAsync(
        Func<long, IQueryable<Row>> after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<Row> page;
        var last = 0L;
        do
        {
            page = await after(last).Take(PageSize).ToListAsync(cancellationToken);
            foreach (var row in page)
                yield return row.Value;
            last = page.Count > 0 ? page[^1].Id : last;
        }
        while (page.Count == PageSize);
    }

    private sealed record Row(long Id, object Value);

    private sealed record DeviceUserRow(long Id, string Name);
}

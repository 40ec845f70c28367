using System.Globalization;
using Htmx;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.EntityFrameworkCore;
using MimeKit;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Mail;

namespace SentinelCam.Pages;

public sealed class MailModel(
    SentinelCamDbContext db, OutboxReader outbox, SmtpOptions smtp, AlertOptions alerts, IMailTransport transport, MailTest test,
    ActivityLog activity, UserManager<Account> accounts) : PageModel
{
    private const int Shown = 50;
    private const string Hidden = "set, not shown";
    private const string NotSet = "not set";

    /// <summary>The mail of the outbox to show.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Name { get; set; }

    public bool HasServer => smtp.Host is not null;

    public string Destination => transport.Description;

    public string From => smtp.From ?? SmtpOptions.OutboxSender;

    /// <summary>The viewer's own address, which gets the test email.</summary>
    public string? Email { get; private set; }

    /// <summary>Each setting with the value in use. A secret only says whether it is set.</summary>
    public IReadOnlyList<(string Setting, string Value)> Settings =>
    [
        ("Mail server", smtp.Host ?? NotSet),
        ("Port", smtp.Port.ToString(CultureInfo.InvariantCulture)),
        ("Encryption", smtp.Security.ToString()),
        ("User name", smtp.UserName ?? NotSet),
        ("Password", smtp.Password is null ? NotSet : Hidden),
        ("Sender", From),
        ("Name in the greeting (EHLO)", smtp.HelloName ?? "this machine's name or address"),
        ("OAuth client ID", smtp.OAuth?.ClientId ?? NotSet),
        ("OAuth client secret", smtp.OAuth is null ? NotSet : Hidden),
        ("OAuth refresh token", smtp.OAuth is null ? NotSet : Hidden),
        ("OAuth token endpoint", smtp.OAuth?.TokenEndpoint.GetLeftPart(UriPartial.Path) ?? NotSet),
        ("Quiet period", string.Create(CultureInfo.InvariantCulture, $"{alerts.QuietPeriod.TotalMinutes:0.##} minutes")),
    ];

    public MailTestRun? Test { get; private set; }

    /// <summary>The mails still to be sent, next due first.</summary>
    public IReadOnlyList<Delivery> Queue { get; private set; } = [];

    /// <summary>How many mails are waiting, including those not shown.</summary>
    public int Waiting { get; private set; }

    /// <summary>The mails that were sent or have failed, newest first.</summary>
    public IReadOnlyList<Delivery> Deliveries { get; private set; } = [];

    public IReadOnlyList<OutboxMail> Outbox { get; private set; } = [];

    public MimeMessage? Message { get; private set; }

    /// <summary>The sizes of the pictures attached to <see cref="Message"/>, in pixels; null for a damaged picture.</summary>
    public IReadOnlyList<(int? Width, int? Height)> Pictures => Message is null ? [] : [.. Attached(Message).Select(SizeOf)];

    public async Task<IActionResult> OnGetAsync()
    {
        if (Name is not null)
            return (Message = outbox.Read(Name)) is null ? NotFound() : Page();
        Test = await test.LastAsync();
        Email = (await accounts.GetUserAsync(User))?.Email;
        var open = db.Deliveries.AsNoTracking()
            .Where(d => d.State == DeliveryState.Waiting || d.State == DeliveryState.Sending);
        Waiting = await open.CountAsync();
        Queue = await open.OrderBy(d => d.DueAt).Take(Shown).ToListAsync();
        Deliveries = await db.Deliveries.AsNoTracking()
            .Where(d => d.State == DeliveryState.Accepted || d.State == DeliveryState.Failed)
            .OrderByDescending(d => d.Id).Take(Shown).ToListAsync();
        Outbox = outbox.List(Shown);
        return Page();
    }

    /// <summary>The steps of the test so far.</summary>
    public async Task<IActionResult> OnGetTestAsync() => Request.IsHtmx()
        ? Partial("/Pages/Admin/_MailTest.cshtml", await test.LastAsync())
        : LocalRedirect("/admin/mail");

    public Task<IActionResult> OnPostTestAsync() => this.ForAccountAsync(accounts, async account =>
    {
        if (await test.TryStartAsync(account.Email!, TimeZones.Find(account.TimeZone)))
        {
            activity.Add(account.Id, ActivityKind.MailTested);
            await db.SaveChangesAsync();
        }

        return await OnGetTestAsync();
    });

    public IActionResult OnGetPicture(int part) =>
        outbox.Read(Name) is { } message && Attached(message).ElementAtOrDefault(part) is { } picture
            ? File(picture.Content!.Open(), "image/jpeg")
            : NotFound();

    public IActionResult OnGetFile()
    {
        if (outbox.Read(Name) is not { } message)
            return NotFound();
        var file = new MemoryStream();
        message.WriteTo(file);
        file.Position = 0;
        return File(file, "message/rfc822", Name);
    }

    private static (int? Width, int? Height) SizeOf(MimePart picture)
    {
        using var jpeg = new MemoryStream();
        picture.Content!.DecodeTo(jpeg);
        return JpegParser.TryParse(jpeg.ToArray(), out var parser) ? (parser.Width, parser.Height) : (null, null);
    }

    private static IEnumerable<MimePart> Attached(MimeMessage message) =>
        message.Attachments.OfType<MimePart>().Where(part => part.ContentType.IsMimeType("image", "jpeg"));
}

using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.EntityFrameworkCore;
using MimeKit;
using SentinelCam.Alerts;
using SentinelCam.Data;

namespace SentinelCam.Pages.Admin;

public sealed class MailModel(SentinelCamDbContext db, OutboxReader outbox, SmtpOptions smtp, IMailTransport transport) : PageModel
{
    private const int Shown = 50;

    /// <summary>The mail of the outbox that is read.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Name { get; set; }

    public bool HasServer => smtp.Host is not null;

    public string Destination => transport.Description;

    public string From => smtp.From ?? SmtpOptions.OutboxSender;

    public IReadOnlyList<Delivery> Deliveries { get; private set; } = [];

    public IReadOnlyList<OutboxMail> Outbox { get; private set; } = [];

    public MimeMessage? Message { get; private set; }

    /// <summary>How many pictures are attached to <see cref="Message"/>.</summary>
    public int Pictures => Message is null ? 0 : Attached(Message).Count();

    public async Task<IActionResult> OnGetAsync()
    {
        if (Name is not null)
            return (Message = outbox.Read(Name)) is null ? NotFound() : Page();
        Deliveries = await db.Deliveries.AsNoTracking().OrderByDescending(d => d.Id).Take(Shown).ToListAsync();
        Outbox = outbox.List(Shown);
        return Page();
    }

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

    private static IEnumerable<MimePart> Attached(MimeMessage message) =>
        message.Attachments.OfType<MimePart>().Where(part => part.ContentType.IsMimeType("image", "jpeg"));
}

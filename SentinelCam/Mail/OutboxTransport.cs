using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MimeKit;
using SentinelCam.Configuration;

namespace SentinelCam.Mail;

/// <summary>Writes mails into a directory instead of sending them, one <c>.eml</c> file each.</summary>
/// <remarks>
/// A reader never meets half a mail. A mail's name is made of its Date and Message-ID: the same mail sent again takes the place of the first copy.
/// </remarks>
/// <param name="directory">The directory; it is created, readable by this user only, when the first mail comes.</param>
public sealed class OutboxTransport(string directory) : IMailTransport
{
    /// <inheritdoc/>
    public string Description => "the outbox";

    /// <inheritdoc/>
    public async Task<MailOutcome> SendAsync(MimeMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var name = await WriteAsync(message, cancellationToken);
            return new MailOutcome(MailResult.Accepted, "written to the outbox as " + name);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new MailOutcome(MailResult.TryAgain, "The outbox could not be written: " + failure.Message, "Check free space and rights of the data directory.");
        }
    }

    /// <inheritdoc/>
    public async Task<MailOutcome> TestAsync(MimeMessage message, Action<MailStep> report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        var outcome = await SendAsync(message, cancellationToken);
        report(new MailStep("Outbox", outcome.Result is MailResult.Accepted, outcome.Reply));
        return outcome;
    }

    private async Task<string> WriteAsync(MimeMessage message, CancellationToken cancellationToken)
    {
        var name = NameOf(message);
        using var bytes = new MemoryStream();
        message.Prepare(EncodingConstraint.SevenBit);
        await message.WriteToAsync(bytes, cancellationToken);
        DurableFile.Write(Path.Combine(directory, name), bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
        return name;
    }

    // The hash keeps two ids apart that look alike once only safe characters are left.
    private static string NameOf(MimeMessage message)
    {
        var id = message.MessageId ?? "";
        var safe = new string([.. id.Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_').Take(40)]);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)), 0, 4);
        var time = message.Date.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        return $"{time}-{safe}-{hash}.eml";
    }
}

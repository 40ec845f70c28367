using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MimeKit;
using SentinelCam.Configuration;

namespace SentinelCam.Mail;

/// <summary>Writes each mail to a directory as an <c>.eml</c> file instead of sending it.</summary>
/// <remarks>
/// A reader never sees a partial mail. The file name is derived from Date and Message-ID, so a mail that is sent again replaces
/// its first copy.
/// </remarks>
/// <param name="directory">The directory. The first mail creates it, readable by this user only.</param>
public sealed class OutboxTransport(string directory) : IMailTransport
{
    /// <summary>What deliveries name as their server.</summary>
    public const string Name = "the outbox";

    /// <inheritdoc/>
    public string Description => Name;

    /// <inheritdoc/>
    public async Task<MailOutcome> SendAsync(MimeMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var name = await WriteAsync(message, cancellationToken);
            return new MailOutcome(MailResult.Accepted, "Written to the outbox as " + name);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new MailOutcome(MailResult.TryAgain, "Could not write to the outbox: " + failure.Message,
                "Check the free space and the permissions of the data directory.");
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
        var name = NameOf(message.Date, message.MessageId ?? "");
        using var bytes = new MemoryStream();
        message.Prepare(EncodingConstraint.SevenBit);
        await message.WriteToAsync(bytes, cancellationToken);
        DurableFile.Write(Path.Combine(directory, name), bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
        return name;
    }

    // The hash distinguishes two ids that become equal when unsafe characters are removed
    internal static string NameOf(DateTimeOffset date, string id)
    {
        var safe = new string([.. id.Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_').Take(40)]);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)), 0, 4);
        var time = date.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        return $"{time}-{safe}-{hash}.eml";
    }
}

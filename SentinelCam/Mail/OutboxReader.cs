using System.Text.RegularExpressions;
using MimeKit;

namespace SentinelCam.Mail;

/// <summary>A mail in the outbox.</summary>
/// <param name="Name">The file's name, without its directory.</param>
/// <param name="Date">When it was written.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Subject">Its subject, which may contain a visitor's text; the file's name if the mail has no subject.</param>
public sealed record OutboxMail(string Name, DateTimeOffset Date, long Size, string Subject);

/// <summary>Reads the mails that <see cref="OutboxTransport"/> wrote.</summary>
/// <param name="directory">The same directory. It may not exist yet.</param>
public sealed partial class OutboxReader(string directory)
{
    /// <summary>The newest mails, newest first.</summary>
    /// <param name="limit">The maximum number to return.</param>
    /// <exception cref="IOException">The directory cannot be read.</exception>
    public IReadOnlyList<OutboxMail> List(int limit)
    {
        var folder = new DirectoryInfo(directory);
        if (!folder.Exists)
            return [];

        return [.. folder.EnumerateFiles("*.eml")
            .Where(file => MailName().IsMatch(file.Name))
            .OrderByDescending(file => file.Name, StringComparer.Ordinal)
            .Take(limit)
            .Select(file => new OutboxMail(file.Name, file.LastWriteTimeUtc, file.Length, SubjectOf(file)))];
    }

    /// <summary>The mail in the named file, or null if there is none or it is damaged.</summary>
    /// <param name="name">A name from <see cref="List"/>, or any text that a visitor sent.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public MimeMessage? Read(string? name)
    {
        if (name is null || !MailName().IsMatch(name))
            return null;

        var path = Path.Combine(directory, name);
        try
        {
            return File.Exists(path) ? MimeMessage.Load(path) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>
    /// Deletes the mails written before the given time, because they contain pictures, whose retention is limited.
    /// </summary>
    public void DeleteOlderThan(DateTimeOffset time)
    {
        var folder = new DirectoryInfo(directory);
        foreach (var file in folder.Exists ? folder.EnumerateFiles() : [])
            if (file.LastWriteTimeUtc < time.UtcDateTime)
                file.Delete();
    }

    /// <summary>Deletes a mail, if there is one.</summary>
    /// <param name="date">The mail's date.</param>
    /// <param name="messageId">Its Message-ID.</param>
    /// <exception cref="IOException">It exists and cannot be deleted.</exception>
    public void Delete(DateTimeOffset date, string messageId)
    {
        var path = Path.Combine(directory, OutboxTransport.NameOf(date, messageId));
        if (File.Exists(path))
            File.Delete(path);
    }

    /// <summary>Changes when the mails of a period were written, because the clock was wrong then.</summary>
    /// <param name="from">The beginning of the period.</param>
    /// <param name="until">The end of the period.</param>
    /// <param name="by">By how much to change it.</param>
    /// <param name="to">What to change it to, if <paramref name="by"/> is zero.</param>
    public void MoveTimes(DateTimeOffset from, DateTimeOffset until, TimeSpan by = default, DateTimeOffset to = default)
    {
        var folder = new DirectoryInfo(directory);
        foreach (var file in folder.Exists ? folder.EnumerateFiles() : [])
        {
            if (file.LastWriteTimeUtc >= from.UtcDateTime && file.LastWriteTimeUtc <= until.UtcDateTime)
                file.LastWriteTimeUtc = by == default ? to.UtcDateTime : file.LastWriteTimeUtc + by;
        }
    }

    private static string SubjectOf(FileInfo file)
    {
        using var stream = file.OpenRead();
        try
        {
            return HeaderList.Load(stream)[HeaderId.Subject] ?? file.Name;
        }
        catch (FormatException)
        {
            return file.Name;
        }
    }

    // No separator, drive or leading dot, so a matching name cannot leave the directory. \z because $ also matches before a
    // newline.
    [GeneratedRegex(@"\A[0-9A-Za-z][0-9A-Za-z_-]{0,120}\.eml\z")]
    private static partial Regex MailName();
}

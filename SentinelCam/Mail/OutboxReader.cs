using System.Text.RegularExpressions;
using MimeKit;

namespace SentinelCam.Mail;

/// <summary>A mail in the outbox.</summary>
/// <param name="Name">The file's name, without directory.</param>
/// <param name="Date">When it was written.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Subject">Its subject, which may hold a visitor's text; the name where it has none.</param>
public sealed record OutboxMail(string Name, DateTimeOffset Date, long Size, string Subject);

/// <summary>Reads what <see cref="OutboxTransport"/> wrote.</summary>
/// <param name="directory">The same directory; it need not exist yet.</param>
public sealed partial class OutboxReader(string directory)
{
    /// <summary>The newest mails, newest first.</summary>
    /// <param name="limit">The most to return.</param>
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

    /// <summary>One mail, or null if the outbox has none of that name, or it is damaged. The name may come from a visitor.</summary>
    /// <param name="name">A name as <see cref="List"/> gives it.</param>
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

    /// <summary>Removes the mails written before the time given: they carry pictures, which have their own retention.</summary>
    public void DeleteOlderThan(DateTimeOffset time)
    {
        var folder = new DirectoryInfo(directory);
        foreach (var file in folder.Exists ? folder.EnumerateFiles() : [])
            if (file.LastWriteTimeUtc < time.UtcDateTime)
                file.Delete();
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

    // No separator, no drive, no leading dot: a name that matches cannot leave the directory. \z, since $ also matches before a newline.
    [GeneratedRegex(@"\A[0-9A-Za-z][0-9A-Za-z_-]{0,120}\.eml\z")]
    private static partial Regex MailName();
}

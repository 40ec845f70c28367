using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.ImageLog;

/// <summary>Which entries to show. An empty filter matches all.</summary>
/// <param name="Text">
/// Part of the account, address or user agent, or of the program or caller of a log-in to the device, in any case. Fewer than
/// <see cref="MinTextLength"/> characters are ignored.
/// </param>
/// <param name="Trigger">What triggered the capture.</param>
/// <param name="Outcome">The outcome of the attempt.</param>
/// <param name="From">First day, in <paramref name="Zone"/>.</param>
/// <param name="To">Last day, in <paramref name="Zone"/>.</param>
/// <param name="Mail">The state of the mails.</param>
/// <param name="Whose">For an administrator: their own entries, or those without an owner.</param>
/// <param name="Origin">Where the credentials were submitted.</param>
/// <param name="Zone">The reader's time zone, which says when a day begins; null for UTC, and where no day is given.</param>
public sealed record ImageLogFilter(
    string? Text = null, CaptureTrigger? Trigger = null, LoginOutcome? Outcome = null, DateOnly? From = null, DateOnly? To = null,
    MailFilter? Mail = null, WhoseEntries? Whose = null, AttemptOrigin? Origin = null,
    TimeZoneInfo? Zone = null)
{
    public const int MaxTextLength = 200;

    /// <summary>The length of the search index's trigrams.</summary>
    public const int MinTextLength = 3;

    public bool IsEmpty => this == new ImageLogFilter();

    /// <summary>The text to search for; null if there is none or it is too short.</summary>
    public string? SearchedText =>
        VisitorText.Clean(Text, MaxTextLength) is var text && text.EnumerateRunes().Count() >= MinTextLength ? text : null;

    /// <summary>Whether a text was entered that is too short to search for.</summary>
    public bool IsTextTooShort => SearchedText is null && !string.IsNullOrWhiteSpace(Text);

    /// <summary>The start of the range, in milliseconds since 1970. No entry is older than that.</summary>
    public long? Start => From is { } from ? Math.Clamp(Milliseconds(from), 0, LogPlace.End) : null;

    /// <summary>The exclusive end of the range, in milliseconds since 1970.</summary>
    public long? End => To is { } to && to < DateOnly.MaxValue ? Math.Clamp(Milliseconds(to.AddDays(1)), 0, LogPlace.End) : null;

    /// <summary>When a day begins. Of a midnight that happens twice, the first counts.</summary>
    private long Milliseconds(DateOnly day)
    {
        var midnight = day.ToDateTime(TimeOnly.MinValue);
        var zone = Zone ?? TimeZoneInfo.Utc;
        var offset = zone.IsAmbiguousTime(midnight) ? zone.GetAmbiguousTimeOffsets(midnight).Max() : zone.GetUtcOffset(midnight);
        return (long)(midnight - DateTime.UnixEpoch - offset).TotalMilliseconds;
    }
}

/// <summary>The state of the mails about an entry.</summary>
public enum MailFilter
{
    Accepted,
    Waiting,
    Failed,

    /// <summary>The entry has no mail of its own.</summary>
    None,
}

/// <summary>Whose entries an administrator views.</summary>
public enum WhoseEntries
{
    Mine,

    /// <summary>Entries without an owner: attempts against unknown and unapproved accounts, and log-ins of the
    /// device's users who are assigned to no account.</summary>
    Unknown,
}

using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.ImageLog;

/// <summary>Which entries to show. Everything empty: all.</summary>
/// <param name="Text">Part of account, address or user agent, in any case; fewer than <see cref="MinTextLength"/> characters count as none.</param>
/// <param name="Trigger">What asked for the picture.</param>
/// <param name="Outcome">Why the attempt failed.</param>
/// <param name="From">First day, UTC.</param>
/// <param name="To">Last day, UTC.</param>
/// <param name="Mail">What became of the mails.</param>
/// <param name="Whose">For an administrator: one's own entries or those of nobody.</param>
public sealed record ImageLogFilter(
    string? Text = null, CaptureTrigger? Trigger = null, LoginOutcome? Outcome = null, DateOnly? From = null, DateOnly? To = null,
    MailFilter? Mail = null, WhoseEntries? Whose = null)
{
    public const int MaxTextLength = 200;

    /// <summary>The search index knows of three characters in a row.</summary>
    public const int MinTextLength = 3;

    public bool IsEmpty => this == new ImageLogFilter();

    /// <summary>The text to look for, null where there is none or too little of it.</summary>
    public string? SearchedText => VisitorText.Clean(Text, MaxTextLength) is var text && text.EnumerateRunes().Count() >= MinTextLength ? text : null;

    /// <summary>Something was typed, but too little to look for.</summary>
    public bool IsTextTooShort => SearchedText is null && !string.IsNullOrWhiteSpace(Text);

    /// <summary>The earliest moment, in milliseconds since 1970. Nothing happened before that.</summary>
    public long? Start => From is { } from ? Math.Clamp(Milliseconds(from), 0, LogPlace.End) : null;

    /// <summary>The first moment after the last one.</summary>
    public long? End => To is { } to && to < DateOnly.MaxValue ? Math.Clamp(Milliseconds(to.AddDays(1)), 0, LogPlace.End) : null;

    private static long Milliseconds(DateOnly day) => new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).ToUnixTimeMilliseconds();
}

/// <summary>What became of the mails about an entry.</summary>
public enum MailFilter
{
    Accepted,
    Waiting,
    Failed,

    /// <summary>It has no mail of its own.</summary>
    None,
}

/// <summary>Whose entries an administrator looks at.</summary>
public enum WhoseEntries
{
    Mine,

    /// <summary>Those of no account: attempts against unknown and unapproved ones.</summary>
    Unknown,
}

namespace SentinelCam.Forwarding;

/// <summary>What became of a report.</summary>
public enum ReportOutcome
{
    /// <summary>The entry was added.</summary>
    Added,

    /// <summary>The entry was here, and has what this version says.</summary>
    Updated,

    /// <summary>This version or a later one was here; nothing has changed.</summary>
    Known,

    /// <summary>The device was revoked.</summary>
    Revoked,

    /// <summary>The device may not report for this owner, or there is no such approved account.</summary>
    NotItsOwner,

    /// <summary>A value is out of range.</summary>
    Invalid,

    /// <summary>A picture is no JPEG, is too large, or has another hash.</summary>
    BadPicture,

    /// <summary>The device has reported as many pictures as it may in a day.</summary>
    TooManyPictures,

    /// <summary>The device has reported as many entries as it may in a day.</summary>
    TooManyEntries,
}

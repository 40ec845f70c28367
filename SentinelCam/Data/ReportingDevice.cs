namespace SentinelCam.Data;

/// <summary>A device that reports its entries to this SentinelCam, or that was invited to.</summary>
public sealed class ReportingDevice
{
    /// <summary>The maximum length of <see cref="Name"/>.</summary>
    public const int MaxNameLength = 40;

    public long Id { get; set; }

    /// <summary>What pages and mails call it. Two devices that are not revoked have different names.</summary>
    public required string Name { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>The SHA-256 hash of the code that is traded for the token; null once it was.</summary>
    public string? CodeHash { get; set; }

    public DateTimeOffset CodeExpiresAt { get; set; }

    /// <summary>The SHA-256 hash of the device's token; null before enrolment.</summary>
    public string? TokenHash { get; set; }

    public DateTimeOffset? EnrolledAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }

    public DateTimeOffset? LastSeenAt { get; set; }

    /// <summary>
    /// By how many milliseconds the device's clock was ahead of this one at its last report; negative if behind. Null before the
    /// first one.
    /// </summary>
    public long? ClockAheadMs { get; set; }

    /// <summary>How many entries it has reported.</summary>
    public long Received { get; set; }

    /// <summary>When the day began in which its reports are limited; null before the first one.</summary>
    public DateTimeOffset? DayBeganAt { get; set; }

    /// <summary>How many entries it has reported on that day.</summary>
    public int DayEntries { get; set; }

    /// <summary>The size of the pictures that it has reported on that day.</summary>
    public long DayPictureBytes { get; set; }

    /// <summary>Whether it may report attempts that belong to no account, which administrators are told about.</summary>
    public bool ForAdministrators { get; set; }

    /// <summary>The accounts that it may report for.</summary>
    public List<ReportingDeviceOwner> Owners { get; } = [];
}

/// <summary>An account that a device may report for.</summary>
public sealed class ReportingDeviceOwner
{
    public long DeviceId { get; set; }

    public long AccountId { get; set; }
}

/// <summary>An entry that a device has reported.</summary>
public sealed class ReceivedEntry
{
    public long DeviceId { get; set; }

    /// <summary>See <see cref="DatabaseEpoch"/>.</summary>
    public required string Epoch { get; set; }

    /// <summary>The entry's id on the device.</summary>
    public long DeviceEntryId { get; set; }

    /// <summary>The latest version that was received. Earlier ones that arrive later change nothing.</summary>
    public int Version { get; set; }

    /// <summary>The entry here; null after it was deleted, which a later version does not undo.</summary>
    public long? EntryId { get; set; }

    /// <summary>The time of the attempt by the device's clock.</summary>
    public DateTimeOffset DeviceAt { get; set; }

    /// <summary>The time by the device's clock when it sent the latest version.</summary>
    public DateTimeOffset SentAt { get; set; }

    /// <summary>The time by this clock when the latest version arrived.</summary>
    public DateTimeOffset ReceivedAt { get; set; }
}

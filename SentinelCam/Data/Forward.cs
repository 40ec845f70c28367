namespace SentinelCam.Data;

/// <summary>
/// What is left to do to report an entry to the central SentinelCam of <c>Forward:Url</c>. Committed with the entry. If the
/// entry is deleted before it was reported, its attempt is reported without a picture.
/// </summary>
public sealed class Forward
{
    /// <summary>The entry's id, which it may outlive.</summary>
    public long EntryId { get; set; }

    public long LoginAttemptId { get; set; }

    public LoginAttempt? LoginAttempt { get; set; }

    /// <summary>
    /// The database's <see cref="DatabaseEpoch"/> when the entry was recorded. After a backup was restored, ids are given again.
    /// </summary>
    public required string Epoch { get; set; }

    /// <summary>The version to report, starting at 1. Each change of the entry increases it.</summary>
    public int Version { get; set; }

    /// <summary>The last version that was accepted; 0 if none was.</summary>
    public int AcceptedVersion { get; set; }

    public ForwardState State { get; set; }

    /// <summary>The number of tries. It also tells which run has claimed it.</summary>
    public int Tries { get; set; }

    /// <summary>When the next try is due.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>When the current try began; null if none is running.</summary>
    public DateTimeOffset? SendingSince { get; set; }

    /// <summary>The node that sends it, or sent it last, as in <c>Node:Name</c>; null if a version without nodes did.</summary>
    public string? SentBy { get; set; }

    public DateTimeOffset? AcceptedAt { get; set; }

    /// <summary>Why the last try failed, in one line; null if it did not.</summary>
    public string? LastReply { get; set; }

    /// <summary>Whether the last try failed because the central side did not accept the token.</summary>
    public bool IsTokenRefused { get; set; }

    /// <summary>Since when the central side has refused it; null if it did not, or has accepted it since.</summary>
    public DateTimeOffset? RefusedSince { get; set; }

    /// <summary>How often its upload has failed although the central side answered.</summary>
    public int FailedUploads { get; set; }

    /// <summary>Whether this device tells the owner itself, because the central side refused the report.</summary>
    public bool ToldHere { get; set; }
}

/// <summary>The state of a <see cref="Forward"/>.</summary>
public enum ForwardState
{
    /// <summary>Due at <see cref="Forward.DueAt"/>.</summary>
    Waiting,

    /// <summary>A job is sending it.</summary>
    Sending,

    /// <summary>The central side has the latest version, or forwarding was switched off.</summary>
    Done,
}

/// <summary>
/// A random name of this database, in its only row. It is replaced when a backup is restored: the ids of new entries are then not
/// mistaken for those of entries that were recorded after the backup.
/// </summary>
public sealed class DatabaseEpoch
{
    /// <summary>The id of the only row.</summary>
    public const int OnlyId = 1;

    public int Id { get; set; }

    public required string Value { get; set; }
}

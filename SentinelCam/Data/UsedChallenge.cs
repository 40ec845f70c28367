namespace SentinelCam.Data;

/// <summary>
/// A challenge that a passkey has answered. Its row prevents that the same answer is accepted again, and is deleted after the
/// challenge has expired.
/// </summary>
public sealed class UsedChallenge
{
    /// <summary>The SHA-256 hash of what the form carried.</summary>
    public required string Hash { get; set; }

    public DateTimeOffset UsedAt { get; set; }
}

/// <summary>Columns of the passkeys' table that Identity's own class does not have.</summary>
public static class PasskeyColumns
{
    /// <summary>When the passkey was last accepted; null if it never was.</summary>
    public const string LastUsedAt = "LastUsedAt";
}

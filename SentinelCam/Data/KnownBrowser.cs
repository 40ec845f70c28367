namespace SentinelCam.Data;

/// <summary>
/// A browser in which an account has signed in before. It has a count of wrong passwords of its own, so that strangers cannot
/// lock it out. Its cookie contains only a random key.
/// </summary>
public sealed class KnownBrowser : IGuessCounter
{
    public long Id { get; set; }

    /// <summary>The SHA-256 hash of the key.</summary>
    public required string KeyHash { get; set; }

    public long AccountId { get; set; }

    /// <summary>
    /// The account's security stamp at the last sign-in. After a new password, every browser is new again. Empty if the owner has
    /// said that it was somebody else's: the row stays, because it says that the account has signed in before.
    /// </summary>
    public required string SecurityStamp { get; set; }

    public DateTimeOffset LastAt { get; set; }

    /// <summary>Until then, the password is enough in this browser; null if a second factor is asked for.</summary>
    public DateTimeOffset? TrustedUntil { get; set; }

    /// <summary>The alert that told the owner about this browser; null if it was the account's first one.</summary>
    public long? AlertId { get; set; }

    public int AccessFailedCount { get; set; }

    /// <inheritdoc />
    public DateTimeOffset? LockoutEnd { get; set; }

    /// <inheritdoc />
    public int WrongCodes { get; set; }

    /// <inheritdoc />
    public DateTimeOffset? CodesLockedUntil { get; set; }
}

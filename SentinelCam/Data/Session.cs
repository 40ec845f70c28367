namespace SentinelCam.Data;

/// <summary>
/// A browser that is signed in. Its cookie contains only a random key. The session ends with its row: by
/// <see cref="EndedAt"/>, by time, or because its account was suspended or has another security stamp.
/// </summary>
public sealed class Session : IGuessCounter
{
    public long Id { get; set; }

    /// <summary>The SHA-256 hash of the key, so that a copy of the database opens no session.</summary>
    public required string KeyHash { get; set; }

    public long AccountId { get; set; }

    /// <summary>
    /// The account's security stamp at the sign-in. Identity changes it with the password and the other factors.
    /// </summary>
    public required string SecurityStamp { get; set; }

    /// <summary>What the browser calls itself, cleaned and capped.</summary>
    public required string UserAgent { get; set; }

    /// <summary>The address from which it signed in.</summary>
    public required string RemoteAddress { get; set; }

    public DateTimeOffset OpenedAt { get; set; }

    /// <summary>The last request that a person made, to the minute.</summary>
    public DateTimeOffset LastSeenAt { get; set; }

    /// <summary>When the password was last entered in this session.</summary>
    public DateTimeOffset ProvedAt { get; set; }

    /// <summary>How somebody signed in, see <c>Accounts.SignInMethods</c>; null if it is not known.</summary>
    public string? SecondFactor { get; set; }

    /// <summary>The alert that told the owner about its browser, whose answer can end it; null if there was none.</summary>
    public long? AlertId { get; set; }

    /// <summary>When somebody ended it; null if nobody did.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>Wrong passwords entered in this session.</summary>
    public int AccessFailedCount { get; set; }

    /// <inheritdoc />
    public DateTimeOffset? LockoutEnd { get; set; }

    /// <inheritdoc />
    public int WrongCodes { get; set; }

    /// <inheritdoc />
    public DateTimeOffset? CodesLockedUntil { get; set; }
}

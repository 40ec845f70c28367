namespace SentinelCam.Data;

/// <summary>
/// A link in a mail that lets its reader do one thing to an account, once. The link itself is not stored: Data Protection makes
/// it from <see cref="Id"/> and <see cref="Key"/> when the mail is sent, so the database alone is not enough to forge one.
/// </summary>
public sealed class AccountLink
{
    public long Id { get; set; }

    public LinkPurpose Purpose { get; set; }

    /// <summary>
    /// Whose account it is about; for an invitation, the administrator who invites, with whose rights it ends. Null if nobody can
    /// have the link: a request for an address without an account is stored like any other.
    /// </summary>
    public long? AccountId { get; set; }

    /// <summary>The mail that carries the link.</summary>
    public Delivery? Delivery { get; set; }

    public long? DeliveryId { get; set; }

    /// <summary>The mail address that the link is about, if any.</summary>
    public string? Address { get; set; }

    /// <summary>A random secret in the link; empty after use.</summary>
    public required string Key { get; set; }

    /// <summary>
    /// The account's security stamp when the link was made, if a later change of the password, or the end of all sessions, makes
    /// the link invalid; otherwise null.
    /// </summary>
    public string? Stamp { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    public DateTimeOffset? UsedAt { get; set; }
}

/// <summary>What a link in a mail is for.</summary>
public enum LinkPurpose
{
    /// <summary>Sets a new password without the old one.</summary>
    ResetPassword,

    /// <summary>Confirms the address of a new account.</summary>
    ConfirmAddress,

    /// <summary>Confirms the address to which an account is to change.</summary>
    ChangeAddress,

    /// <summary>Gives an account its earlier address back.</summary>
    UndoAddress,

    /// <summary>Creates an account: for the address to which it was mailed, or for any if it was passed on.</summary>
    Invitation,
}

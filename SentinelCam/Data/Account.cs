using Microsoft.AspNetCore.Identity;

namespace SentinelCam.Data;

/// <summary>A person's account, and the owner of the pictures taken at its failed sign-ins.</summary>
public sealed class Account : IdentityUser<long>, IGuessCounter
{
    /// <summary>
    /// The display name, which need not be unique. Identity's unique <c>UserName</c> is the mail address: a unique display name
    /// would reveal whether an earlier registration created an account.
    /// </summary>
    public string Name { get; set; } = "";

    public DateTimeOffset RegisteredAt { get; set; }

    /// <summary>
    /// The network from which a request for an account came, while the request waits for an administrator. Null once the account
    /// was approved, even if it is suspended later, and for requests made with version 0.9.
    /// </summary>
    public string? RegisteredFrom { get; set; }

    /// <summary>When an administrator approved the account; null means that it cannot sign in.</summary>
    public DateTimeOffset? ApprovedAt { get; set; }

    /// <summary>
    /// When somebody had the account deleted. It can do nothing from then on. Its row goes last, once everything else is gone.
    /// </summary>
    public DateTimeOffset? DeletedAt { get; set; }

    /// <summary>For an administrator: when the first steps were done or dismissed; null while they are shown.</summary>
    public DateTimeOffset? FirstStepsEndedAt { get; set; }

    /// <summary>The IANA id of the time zone for displayed times; null: the server's time zone.</summary>
    public string? TimeZone { get; set; }

    /// <summary>
    /// The encrypted secret of the authenticator app, whose codes are asked for at the sign-in. Set if and only if
    /// <c>TwoFactorEnabled</c> is.
    /// </summary>
    public string? AuthenticatorKey { get; set; }

    /// <summary>The number of the period whose code was used last. Neither it nor an earlier one is accepted again.</summary>
    public long? LastCodeStep { get; set; }

    /// <inheritdoc />
    public int WrongCodes { get; set; }

    /// <inheritdoc />
    public DateTimeOffset? CodesLockedUntil { get; set; }

    /// <summary>The number of the failure in a burst that triggers the first mail, 1 to 10.</summary>
    public int AlertFrom { get; set; } = 1;

    /// <summary>The account's quiet period in minutes; null: <c>Alerts:QuietPeriod</c>.</summary>
    public int? QuietMinutes { get; set; }

    /// <summary>Until this time, failed sign-ins are recorded and photographed but not mailed.</summary>
    public DateTimeOffset? PausedUntil { get; set; }

    /// <summary>A confirmed second address that also receives the mails.</summary>
    public string? ExtraRecipient { get; set; }

    /// <summary>A second address that awaits confirmation.</summary>
    public string? PendingRecipient { get; set; }

    /// <summary>The secret in the link that confirms <see cref="PendingRecipient"/>; cleared after use.</summary>
    public string? PendingRecipientKey { get; set; }

    /// <summary>When the link expires.</summary>
    public DateTimeOffset? PendingRecipientUntil { get; set; }
}

/// <summary>The only role: approves accounts, and sees all jobs and mails and the attempts against unknown accounts.</summary>
public static class Roles
{
    public const string Administrator = "Administrator";
}

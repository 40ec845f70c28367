using Microsoft.AspNetCore.Identity;

namespace SentinelCam.Data;

/// <summary>Somebody who may sign in, and the owner of the pictures taken at failed sign-ins to this account.</summary>
public sealed class Account : IdentityUser<long>
{
    /// <summary>
    /// What the person calls themselves; need not be unique. Identity's own unique <c>UserName</c> is the mail address: a name
    /// that is taken would tell a stranger whether an earlier registration made an account.
    /// </summary>
    public string Name { get; set; } = "";

    public DateTimeOffset RegisteredAt { get; set; }

    /// <summary>When an administrator let the account in; null keeps it out.</summary>
    public DateTimeOffset? ApprovedAt { get; set; }

    /// <summary>The time zone that the person reads times in, as an IANA id; null: the server's.</summary>
    public string? TimeZone { get; set; }

    /// <summary>The failure of a burst at which the first mail goes out, 1 to 10.</summary>
    public int AlertFrom { get; set; } = 1;

    /// <summary>The person's own quiet period in minutes; null: that of <c>Alerts:QuietPeriod</c>.</summary>
    public int? QuietMinutes { get; set; }

    /// <summary>Until then failed sign-ins are recorded and photographed, but not mailed.</summary>
    public DateTimeOffset? PausedUntil { get; set; }

    /// <summary>A confirmed second address for the mails.</summary>
    public string? ExtraRecipient { get; set; }

    /// <summary>A second address that is not confirmed yet.</summary>
    public string? PendingRecipient { get; set; }

    /// <summary>Part of the link that confirms <see cref="PendingRecipient"/>; gone once it was used.</summary>
    public string? PendingRecipientKey { get; set; }

    /// <summary>When the link stops working.</summary>
    public DateTimeOffset? PendingRecipientUntil { get; set; }
}

/// <summary>The one role: approves accounts and sees every job, mail and the attempts against unknown accounts.</summary>
public static class Roles
{
    public const string Administrator = "Administrator";
}

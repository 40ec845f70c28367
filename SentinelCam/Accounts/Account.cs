using Microsoft.AspNetCore.Identity;

namespace SentinelCam.Accounts;

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
}

/// <summary>The one role: approves accounts and sees every job, mail and the attempts against unknown accounts.</summary>
public static class Roles
{
    public const string Administrator = "Administrator";
}

using Microsoft.AspNetCore.Identity;

namespace SentinelCam.Accounts;

/// <summary>Somebody who may sign in, and the owner of the pictures taken at failed sign-ins to this account.</summary>
public sealed class Account : IdentityUser<long>
{
    public DateTimeOffset RegisteredAt { get; set; }

    /// <summary>When an administrator let the account in; null keeps it out.</summary>
    public DateTimeOffset? ApprovedAt { get; set; }
}

/// <summary>The one role: approves accounts and sees every job, mail and the attempts against unknown accounts.</summary>
public static class Roles
{
    public const string Administrator = "Administrator";
}

using System.Security.Claims;
using Microsoft.AspNetCore.Identity;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>A session that has not ended, as a request sees it.</summary>
/// <param name="Id">The session's row; 0 as long as it could not be written.</param>
/// <param name="KeyHash">The hash of the key in its cookie.</param>
/// <param name="AccountId">Who is signed in.</param>
/// <param name="OpenedAt">The sign-in.</param>
/// <param name="LastSeenAt">The last request of a person that is written down.</param>
/// <param name="ProvedAt">When the password was last entered.</param>
/// <param name="IsAdministrator">What the account may do now, whatever it could do at the sign-in.</param>
/// <param name="AlertId">The alert that told the owner about its browser; null if there was none.</param>
public sealed record LiveSession(
    long Id, string KeyHash, long AccountId, DateTimeOffset OpenedAt, DateTimeOffset LastSeenAt, DateTimeOffset ProvedAt,
    bool IsAdministrator, long? AlertId)
{
    /// <summary>How long a password that was entered allows sensitive changes.</summary>
    public static readonly TimeSpan ProofLifetime = TimeSpan.FromMinutes(5);

    /// <summary>How somebody signed in, see <see cref="SignInMethods"/>; null if it is not known.</summary>
    public string? Method { get; init; }

    /// <summary>Whether the account must have a second factor, and has none: nothing else can be done before.</summary>
    public bool LacksSecondFactor { get; init; }

    /// <summary>Whether the password was entered recently enough for a sensitive change.</summary>
    public bool IsProved(DateTimeOffset now) => (now - ProvedAt).Duration() <= ProofLifetime;

    /// <summary>The person who is signed in.</summary>
    public ClaimsPrincipal Principal => field ??= new ClaimsPrincipal(new ClaimsIdentity(
        [
            new(ClaimTypes.NameIdentifier, AccountId.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            .. IsAdministrator ? [new Claim(ClaimTypes.Role, Roles.Administrator)] : Array.Empty<Claim>(),
        ],
        IdentityConstants.ApplicationScheme));
}

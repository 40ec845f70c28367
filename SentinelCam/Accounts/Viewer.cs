using System.Globalization;
using System.Security.Claims;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>Who looks at a page.</summary>
public readonly record struct Viewer(long Id, bool IsAdministrator)
{
    /// <exception cref="InvalidOperationException">Nobody is signed in.</exception>
    public static Viewer Of(ClaimsPrincipal user) => new(
        long.Parse(user.FindFirstValue(ClaimTypes.NameIdentifier) ?? throw new InvalidOperationException("Nobody is signed in."), CultureInfo.InvariantCulture),
        user.IsInRole(Roles.Administrator));
}

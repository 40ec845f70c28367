using System.Globalization;
using System.Security.Claims;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>The signed-in person who views a page.</summary>
public readonly record struct Viewer(long Id, bool IsAdministrator)
{
    /// <exception cref="InvalidOperationException">Nobody is signed in.</exception>
    public static Viewer Of(ClaimsPrincipal user)
    {
        var id = user.FindFirstValue(ClaimTypes.NameIdentifier) ?? throw new InvalidOperationException("Nobody is signed in.");
        return new Viewer(long.Parse(id, CultureInfo.InvariantCulture), user.IsInRole(Roles.Administrator));
    }
}

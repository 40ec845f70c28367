using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace SentinelCam.Device;

/// <summary>A user of the operating system, local or from a directory service such as LDAP.</summary>
/// <param name="Name">The name.</param>
/// <param name="Id">The user's number.</param>
/// <param name="GroupId">The number of the user's main group.</param>
public sealed record OsUser(string Name, uint Id, uint GroupId)
{
    /// <summary>Finds a user by name; null if there is none.</summary>
    public static OsUser? Find(string name) => Ask(name) is { } user && user.Name == name ? user : null;

    /// <summary>Finds a user by number; null if there is none.</summary>
    public static OsUser? Find(uint id) => Ask(id.ToString(CultureInfo.InvariantCulture)) is { } user && user.Id == id ? user : null;

    /// <summary>Asks <c>getent</c>, which knows the users of directory services as well, and ends after five seconds.</summary>
    private static OsUser? Ask(string key)
    {
        try
        {
            using var getent = Process.Start(
                new ProcessStartInfo("timeout", ["5", "getent", "passwd", "--", key]) { RedirectStandardOutput = true })!;
            var line = getent.StandardOutput.ReadLine();
            getent.WaitForExit();
            return line?.Split(':') is [var name, _, var id, var group, ..]
                && uint.TryParse(id, CultureInfo.InvariantCulture, out var user)
                && uint.TryParse(group, CultureInfo.InvariantCulture, out var main)
                    ? new(name, user, main)
                    : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}

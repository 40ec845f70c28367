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
    public static OsUser? Find(uint id) =>
        Ask(id.ToString(CultureInfo.InvariantCulture)) is { } user && user.Id == id ? user : null;

    /// <summary>The users of this device itself, without those of a directory service.</summary>
    /// <exception cref="IOException"><c>/etc/passwd</c> cannot be read.</exception>
    public static IEnumerable<OsUser> Local() => File.ReadLines("/etc/passwd").Select(Parse).OfType<OsUser>();

    /// <summary>Finds a user by name: a local one without another process, which an event need not wait for.</summary>
    public static OsUser? FindFast(string name) => Local().FirstOrDefault(user => user.Name == name) ?? Find(name);

    private static OsUser? Parse(string? line) =>
        line?.Split(':') is [{ Length: > 0 } name, _, var id, var group, ..]
        && uint.TryParse(id, CultureInfo.InvariantCulture, out var user)
        && uint.TryParse(group, CultureInfo.InvariantCulture, out var main)
            ? new(name, user, main)
            : null;

    /// <summary>Asks <c>getent</c>, which knows the users of directory services as well, and ends after five seconds.</summary>
    private static OsUser? Ask(string key)
    {
        try
        {
            using var getent = Process.Start(
                new ProcessStartInfo("timeout", ["5", "getent", "passwd", "--", key]) { RedirectStandardOutput = true })!;
            var line = getent.StandardOutput.ReadLine();
            getent.WaitForExit();
            return Parse(line);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}

using System.Runtime.Versioning;
using SentinelCam.Configuration;
using SentinelCam.Device;

namespace SentinelCam.CommandLine;

/// <summary>The user that the site runs as.</summary>
/// <param name="User">The user.</param>
/// <param name="Reason">How it was found, in words.</param>
[SupportedOSPlatform("linux")]
internal sealed record AppUser(OsUser User, string Reason)
{
    /// <summary>
    /// Takes the named user, otherwise the owner of the site's data directory, otherwise <c>sentinelcam</c>. Null if there is
    /// no such user.
    /// </summary>
    /// <param name="name">The name, or null.</param>
    /// <param name="settings">Arguments with settings, as the site gets them.</param>
    public static AppUser? Find(string? name, string[] settings)
    {
        if (name is not null)
            return OsUser.Find(name) is { } named ? new(named, "--user") : null;
        var data = FindData(settings);
        if (Directory.Exists(data) && OsUser.Find(FileOwner.Of(data)) is { } owner)
            return new(owner, $"owner of {data}");
        return OsUser.Find("sentinelcam") is { } usual ? new(usual, "the usual user") : null;
    }

    /// <summary>The path of the site's data directory, which need not exist.</summary>
    /// <param name="settings">Arguments with settings, as the site gets them.</param>
    public static string FindData(string[] settings)
    {
        var builder = BesideSite.ReadSettings(settings);
        return DataDirectory.Find(builder.Configuration, builder.Environment);
    }
}

using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using SentinelCam.Device;

namespace SentinelCam.Service;

/// <summary>What became of an installation.</summary>
public enum ServiceChange
{
    /// <summary>The service is installed, and runs if systemd does.</summary>
    Done,

    /// <summary>Nothing was changed: Debian's package has installed the service.</summary>
    Packaged,

    /// <summary>Nothing was changed: the system does not use systemd.</summary>
    NoSystemd,

    /// <summary>Nothing was changed: the service could not see the program's folder, or its path has odd letters.</summary>
    WrongFolder,
}

/// <summary>Makes a published folder a service of systemd, with user, data and configuration as in Debian's package.</summary>
[SupportedOSPlatform("linux")]
public static partial class ServiceInstallation
{
    /// <summary>The unit. One in this folder wins over one of a package.</summary>
    public const string Unit = "/etc/systemd/system/sentinelcam.service";

    /// <summary>The unit of Debian's package.</summary>
    public const string PackageUnit = "/lib/systemd/system/sentinelcam.service";

    /// <summary>The configuration, an environment file.</summary>
    public const string Configuration = "/etc/sentinelcam/sentinelcam.conf";

    /// <summary>The data directory, unless the configuration says otherwise.</summary>
    public const string Data = "/var/lib/sentinelcam";

    private static readonly string[] HiddenFolders = ["/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"];

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Whether systemd is this system's service manager, and not only installed: <c>sd_booted(3)</c>.</summary>
    public static bool IsSystemdRunning => Directory.Exists("/run/systemd/system");

    /// <summary>Installs user, data directory, configuration and unit, or renews them, and starts the service.</summary>
    /// <param name="folder">The folder with the program.</param>
    /// <exception cref="IOException">A file cannot be written, or a program failed.</exception>
    /// <exception cref="UnauthorizedAccessException">This process does not run as root.</exception>
    public static ServiceChange Install(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        folder = folder.TrimEnd('/');
        if (File.Exists(PackageUnit))
            return ServiceChange.Packaged;
        if (!Directory.Exists(Path.GetDirectoryName(Unit)))
            return ServiceChange.NoSystemd;
        if (!PlainPath().IsMatch(folder) || IsHidden(folder))
            return ServiceChange.WrongFolder;

        var user = FindOrAddUser();
        if (!Directory.Exists(Data))
        {
            Directory.CreateDirectory(Data, Private | UnixFileMode.UserExecute);
            FileOwner.Change(Data, user);
        }

        if (!File.Exists(Configuration))
            WriteConfiguration(user);
        // Debian masks the service of a removed package with a link to /dev/null, which must not be written to
        File.Delete(Unit);
        File.WriteAllText(Unit, ServiceFiles.Unit(folder));
        File.SetUnixFileMode(Unit, Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Systemctl("enable", "sentinelcam.service");
        if (IsSystemdRunning)
        {
            Systemctl("daemon-reload");
            Systemctl("restart", "sentinelcam.service");
        }

        return ServiceChange.Done;
    }

    /// <summary>Stops the service and removes its unit. User, data and configuration stay.</summary>
    /// <exception cref="IOException">A program failed.</exception>
    /// <exception cref="UnauthorizedAccessException">This process does not run as root.</exception>
    public static ServiceChange Remove()
    {
        if (File.Exists(PackageUnit))
            return ServiceChange.Packaged;
        if (!File.Exists(Unit))
            return ServiceChange.Done;
        if (IsSystemdRunning)
            Systemctl("stop", "sentinelcam.service");
        Systemctl("disable", "sentinelcam.service");
        File.Delete(Unit);
        if (IsSystemdRunning)
            Systemctl("daemon-reload");
        return ServiceChange.Done;
    }

    /// <summary>Looks at what is there. Any user can ask.</summary>
    /// <param name="folder">The folder with the program.</param>
    public static InstalledService Inspect(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var unit = File.Exists(Unit) ? Unit : File.Exists(PackageUnit) ? PackageUnit : null;
        return new(
            unit, unit is not null && File.ReadAllText(unit) == ServiceFiles.Unit(folder.TrimEnd('/')),
            Ask("is-enabled"), IsSystemdRunning ? Ask("is-active") : "systemd does not run here",
            OsUser.Find(ServiceManager.Name) is not null);
    }

    /// <summary>Whether the unit hides the folder from the service: <c>ProtectHome</c> and <c>PrivateTmp</c>.</summary>
    private static bool IsHidden(string folder) =>
        Array.Exists(HiddenFolders, hidden => (folder + "/").StartsWith(hidden, StringComparison.Ordinal));

    private static OsUser FindOrAddUser()
    {
        if (OsUser.Find(ServiceManager.Name) is null)
        {
            Run("useradd", "--system", "--user-group", "--home-dir", Data, "--no-create-home", "--shell", "/usr/sbin/nologin",
                ServiceManager.Name);
        }

        // Cameras belong to this group
        Run("usermod", "-aG", "video", ServiceManager.Name);
        return OsUser.Find(ServiceManager.Name) ?? throw new IOException("useradd did not add the user sentinelcam.");
    }

    private static void WriteConfiguration(OsUser user)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Configuration)!);
        using (var file = new FileStream(Configuration, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = Private,
        }))
        {
            using var writer = new StreamWriter(file);
            writer.Write(ServiceFiles.Configuration);
        }

        // It can hold the mail server's password
        FileOwner.Change(Configuration, user with { Id = 0 });
        File.SetUnixFileMode(Configuration, Private | UnixFileMode.GroupRead);
    }

    private static void Systemctl(params string[] arguments) => Run("systemctl", arguments);

    private static string Ask(string question)
    {
        try
        {
            return Start("systemctl", [question, "sentinelcam.service"]).Output.Trim() is { Length: > 0 } answer ? answer : "no";
        }
        catch (IOException)
        {
            return "not known";
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        var (exitCode, _, errors) = Start(program, arguments);
        if (exitCode != 0)
            throw new IOException($"{program} {arguments[0]} failed: {errors.Trim().ReplaceLineEndings(" ")}");
    }

    private static (int ExitCode, string Output, string Errors) Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output.GetAwaiter().GetResult(), errors);
        }
        catch (Win32Exception error)
        {
            throw new IOException($"{program} cannot be run: {error.Message}");
        }
    }

    /// <summary>Other letters would need quotes in a unit.</summary>
    [GeneratedRegex("^/[A-Za-z0-9/_.+-]+$")]
    private static partial Regex PlainPath();
}

/// <summary>What is there of the service.</summary>
/// <param name="Unit">The unit's path, or null.</param>
/// <param name="IsCurrent">Whether the unit is this version's, for this folder.</param>
/// <param name="Enabled">systemd's word for whether it starts with the machine.</param>
/// <param name="Active">systemd's word for whether it runs.</param>
/// <param name="HasUser">Whether its user exists.</param>
public sealed record InstalledService(string? Unit, bool IsCurrent, string Enabled, string Active, bool HasUser)
{
    /// <summary>Whether it runs.</summary>
    public bool IsRunning => Active == "active";
}

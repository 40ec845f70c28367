using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Versioning;

namespace SentinelCam.Device;

/// <summary>
/// Puts SentinelCam's part into PAM, which checks passwords for the log-in screen, the screen lock, the console, <c>sudo</c>,
/// <c>su</c> and <c>ssh</c>, and takes it out again.
/// </summary>
/// <remarks>
/// The lines go through <c>pam-auth-update</c>, as those of Debian's packages do. It exits with 0 also when it refuses, so the
/// outcome is read back from <c>/etc/pam.d</c>.
/// </remarks>
[SupportedOSPlatform("linux")]
public static class PamInstallation
{
    /// <summary>The program that PAM runs.</summary>
    public const string Helper = "/usr/libexec/sentinelcam/report";

    /// <summary>The directory where the helper puts events.</summary>
    public const string Spool = DeviceOptions.UsualSpool;

    /// <summary>The same for a helper that runs as root, so that users can neither fill it nor take a name in it.</summary>
    public const string RootSpool = Spool + "-root";

    private const string ProfileFolder = "/usr/share/pam-configs";
    private const string Updater = "/usr/sbin/pam-auth-update";
    private const string Configuration = "/etc/pam.d";

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Readable = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable =
        Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static readonly string[] Profiles = ["sentinelcam", "sentinelcam-accepted"];

    /// <summary>The lines for a file in <c>/etc/pam.d</c>: the one for failed log-ins, then the one for accepted ones.</summary>
    public static IReadOnlyList<string> Lines { get; } =
        [.. Profiles.Select(profile => "auth " + Resource(profile).TrimEnd().Split('\n')[^1].Trim().Replace('\t', ' '))];

    /// <summary>Installs helper, spool and lines, or renews them.</summary>
    /// <param name="owner">The user who SentinelCam runs as.</param>
    /// <returns>
    /// Unless it is <see cref="PamChange.Done"/>, helper and spool are in place, and <c>/etc/pam.d</c> is as it was.
    /// </returns>
    /// <exception cref="IOException">A file cannot be written, or <c>pam-auth-update</c> failed.</exception>
    /// <exception cref="UnauthorizedAccessException">This process does not run as root.</exception>
    public static PamChange Install(OsUser owner)
    {
        ArgumentNullException.ThrowIfNull(owner);
        // Before the lines, so that these never run a helper that is not there
        CreateDirectory(Path.GetDirectoryName(Helper)!);
        Write(Helper, Resource("report"), Executable);
        CreateDirectory(Path.GetDirectoryName(Spool)!);
        foreach (var (spool, mode) in new[] { (Spool, SpoolState.RightMode), (RootSpool, SpoolState.RightRootMode) })
        {
            Directory.CreateDirectory(spool);
            FileOwner.Change(spool, owner);
            File.SetUnixFileMode(spool, mode);
        }

        var isUpdated = false;
        try
        {
            if (Directory.Exists(ProfileFolder))
            {
                foreach (var profile in Profiles)
                    Write(Path.Combine(ProfileFolder, profile), Resource(profile), Readable);
                isUpdated = UpdatePam("--enable");
            }
        }
        finally
        {
            if (FindLines().Length == 0)
                DeleteProfiles();
        }

        // Lines that were added by hand are as good, and a stack that ends at the first success has no place for the second one
        return Inspect().ReportsFailed ? PamChange.Done : isUpdated ? PamChange.Refused : PamChange.ByHand;
    }

    /// <summary>Takes the lines out, then deletes profiles, helper and spool with the events in it.</summary>
    /// <returns>
    /// Unless it is <see cref="PamChange.Done"/>, the lines are still there, and so is everything that they need.
    /// </returns>
    /// <exception cref="IOException">A file cannot be deleted, or <c>pam-auth-update</c> failed.</exception>
    /// <exception cref="UnauthorizedAccessException">This process does not run as root.</exception>
    public static PamChange Remove()
    {
        var isUpdated = Inspect().Profiles.Count > 0 && UpdatePam("--remove");
        if (Inspect().Lines.Count > 0)
            return isUpdated ? PamChange.Refused : PamChange.ByHand;

        DeleteProfiles();
        var folder = Path.GetDirectoryName(Helper)!;
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        foreach (var spool in new[] { Spool, RootSpool }.Where(Directory.Exists))
            Directory.Delete(spool, recursive: true);
        return PamChange.Done;
    }

    /// <summary>Looks at what is there. Any user can ask.</summary>
    public static PamState Inspect() => new(
        FindLines(),
        [.. Profiles.Select(profile => Path.Combine(ProfileFolder, profile)).Where(File.Exists)],
        InspectHelper(),
        Directory.Exists(Spool) ? InspectSpool() : null);

    private static PamLine[] FindLines() => Directory.Exists(Configuration)
        ?
        [
            .. Directory.GetFiles(Configuration).Order(StringComparer.Ordinal)
                // PAM reads files by their names, and none has such an ending
                .Where(file => !Path.GetFileName(file).Contains(".pam-", StringComparison.Ordinal)
                    && !Path.GetFileName(file).Contains(".dpkg-", StringComparison.Ordinal) && !file.EndsWith('~'))
                .SelectMany(file => ReadLines(file)
                    .Where(line => !line.TrimStart().StartsWith('#') && line.Contains(Helper, StringComparison.Ordinal))
                    .Select(line => new PamLine(file, line.Trim())))
        ]
        : [];

    private static string[] ReadLines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or FileNotFoundException)
        {
            // Somebody hid it from this user, or it is a link to nowhere
            return [];
        }
    }

    private static PamHelperState InspectHelper()
    {
        if (!File.Exists(Helper))
            return PamHelperState.Missing;
        if (File.GetUnixFileMode(Helper) != Executable || FileOwner.Of(Helper) != 0)
            return PamHelperState.WrongMode;
        return File.ReadAllText(Helper) == Resource("report") ? PamHelperState.InPlace : PamHelperState.Different;
    }

    private static SpoolState InspectSpool()
    {
        (int Count, DateTimeOffset? Newest)? events = null;
        try
        {
            var files = new[] { Spool, RootSpool }.Where(Directory.Exists)
                .SelectMany(spool => new DirectoryInfo(spool).EnumerateFiles())
                .Where(file => !file.Name.StartsWith('.')).ToList();
            events = (files.Count, files.Max(file => (DateTimeOffset?)file.LastWriteTimeUtc));
        }
        catch (UnauthorizedAccessException)
        {
            // Only its owner and root can list it
        }

        var owner = FileOwner.Of(Spool);
        return new(
            owner, File.GetUnixFileMode(Spool) == SpoolState.RightMode && Directory.Exists(RootSpool)
                && FileOwner.Of(RootSpool) == owner && File.GetUnixFileMode(RootSpool) == SpoolState.RightRootMode, events);
    }

    /// <summary>Runs <c>pam-auth-update</c>, which never asks anything then.</summary>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="IOException">It failed.</exception>
    private static bool UpdatePam(string option)
    {
        if (!File.Exists(Updater))
            return false;
        var start = new ProcessStartInfo(Updater, ["--package", option, .. Profiles])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        start.Environment["LC_ALL"] = "C.UTF-8";
        try
        {
            using var update = Process.Start(start)!;
            update.StandardInput.Close();
            var output = update.StandardOutput.ReadToEndAsync();
            var errors = update.StandardError.ReadToEnd();
            update.WaitForExit();
            _ = output.GetAwaiter().GetResult();
            return update.ExitCode == 0
                ? true
                : throw new IOException($"pam-auth-update failed: {errors.Trim().ReplaceLineEndings(" ")}");
        }
        catch (Win32Exception error)
        {
            throw new IOException($"pam-auth-update cannot be run: {error.Message}");
        }
    }

    private static void DeleteProfiles()
    {
        foreach (var profile in Profiles.Select(profile => Path.Combine(ProfileFolder, profile)).Where(File.Exists))
            File.Delete(profile);
    }

    /// <summary>Creates a directory that everybody can enter, whatever mode new files of this process get.</summary>
    private static void CreateDirectory(string path)
    {
        if (Directory.Exists(path))
            return;
        CreateDirectory(Path.GetDirectoryName(path)!);
        Directory.CreateDirectory(path);
        File.SetUnixFileMode(path, Executable);
    }

    /// <summary>Replaces the file at once, so that PAM never runs or reads half of it.</summary>
    private static void Write(string path, string text, UnixFileMode mode)
    {
        // pam-auth-update takes no file with this ending for a profile
        var unfinished = path + "~";
        File.WriteAllText(unfinished, text);
        File.SetUnixFileMode(unfinished, mode);
        File.Move(unfinished, path, overwrite: true);
    }

    private static string Resource(string name)
    {
        using var reader = new StreamReader(
            typeof(PamInstallation).Assembly.GetManifestResourceStream("SentinelCam.Device." + name)!);
        return reader.ReadToEnd();
    }
}

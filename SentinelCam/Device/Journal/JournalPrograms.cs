using SentinelCam.Data;

namespace SentinelCam.Device;

/// <summary>Which programs are believed about which log-ins.</summary>
internal static class JournalPrograms
{
    /// <summary>Programs that root runs for others. They are believed if their process is root's.</summary>
    private static readonly string[] OfRoot =
    [
        "gdm-session-worker", "greetd", "lightdm", "login", "lxdm-binary", "ly", "physlock", "plasmalogin-helper", "sddm-helper",
        "slim", "sshd", "sshd-auth", "sshd-session", "wdm", "xdm",
    ];

    /// <summary>
    /// Programs that any user starts and that run as root. The journal names the user who started them, so a user who forges such
    /// a message can say only what the program would have said about this user as well.
    /// </summary>
    private static readonly string[] StartedByUsers = ["doas", "polkit-agent-helper-1", "su", "sudo"];

    /// <summary>Screen locks run as the user whose screen it is. They are believed about this user.</summary>
    private static readonly string[] ScreenLocks =
    [
        "authproto_pam", "cinnamon-screensaver", "cosmic-greeter", "gtklock", "hyprlock", "i3lock", "kcheckpass",
        "kscreenlocker_greet", "mate-screensaver-dialog", "swaylock", "vlock-main", "waylock", "xfce4-screensaver-dialog",
        "xlock", "xscreensaver", "xscreensaver-auth",
    ];

    /// <summary>Where only root can put a program.</summary>
    private static readonly string[] Directories =
        ["/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/nix/store/", "/run/wrappers/"];

    /// <summary>
    /// Conditions that keep other programs' entries away, so that reading costs nothing while nobody logs in. A process chooses
    /// this name itself, and Linux cuts it.
    /// </summary>
    public static IEnumerable<string> Matches =>
        OfRoot.Concat(StartedByUsers).Concat(ScreenLocks).Select(name => $"_COMM={name[..Math.Min(name.Length, 15)]}");

    /// <summary>Whether root runs the program for whoever logs in.</summary>
    public static bool IsOfRoot(JournalEntry entry) => entry.UserId == 0 && Is(OfRoot, entry);

    /// <summary>Whether the program is one that users start and that runs as root.</summary>
    public static bool IsStartedByUser(JournalEntry entry) => Is(StartedByUsers, entry);

    public static bool IsSsh(JournalEntry entry) =>
        IsOfRoot(entry) && Path.GetFileName(entry.Program).StartsWith("sshd", StringComparison.Ordinal);

    public static bool IsSudo(JournalEntry entry) => IsStartedByUser(entry) && Path.GetFileName(entry.Program) == "sudo";

    /// <summary>Whether the program may report log-ins through such a service.</summary>
    public static bool MayReport(JournalEntry entry, string service) => DeviceServices.KindOf(service) switch
    {
        DeviceService.Sudo or DeviceService.Su or DeviceService.Polkit => IsStartedByUser(entry),
        // sshd's own messages are more exact
        DeviceService.Ssh or DeviceService.Other => false,
        DeviceService.ScreenLock when entry.UserId != 0 => true,
        _ => IsOfRoot(entry),
    };

    /// <summary>The service of a message that does not name it: the program's own.</summary>
    public static string ServiceOf(JournalEntry entry) => Path.GetFileName(entry.Program);

    private static bool Is(string[] names, JournalEntry entry) =>
        names.Contains(Path.GetFileName(entry.Program))
        && Directories.Any(directory => entry.Program.StartsWith(directory, StringComparison.Ordinal));
}

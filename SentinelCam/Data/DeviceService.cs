namespace SentinelCam.Data;

/// <summary>What asked for the password of a log-in to the device.</summary>
public enum DeviceService
{
    LogInScreen,
    ScreenLock,

    /// <summary>A text console.</summary>
    Console,

    Sudo,
    Su,
    Polkit,
    Ssh,

    /// <summary>Any other program.</summary>
    Other,
}

/// <summary>Programs that ask for passwords, by the names under which they call PAM, and in words.</summary>
public static class DeviceServices
{
    /// <summary>The longest name of a program that is stored.</summary>
    public const int MaxNameLength = 64;

    /// <summary>The name under which log-ins at Windows' log-in screen are stored.</summary>
    public const string WindowsLogIn = "windows-log-in";

    /// <summary>The name under which Windows' screen lock is stored.</summary>
    public const string WindowsUnlock = "windows-unlock";

    /// <summary>The name under which log-ins to Windows over the network are stored.</summary>
    public const string WindowsRemote = "windows-remote";

    private static readonly Dictionary<string, DeviceService> Known = new(StringComparer.Ordinal)
    {
        [WindowsLogIn] = DeviceService.LogInScreen,
        [WindowsUnlock] = DeviceService.ScreenLock,
        ["gdm"] = DeviceService.LogInScreen,
        ["gdm-password"] = DeviceService.LogInScreen,
        ["gdm-fingerprint"] = DeviceService.LogInScreen,
        ["gdm-smartcard"] = DeviceService.LogInScreen,
        ["greetd"] = DeviceService.LogInScreen,
        ["kdm"] = DeviceService.LogInScreen,
        ["lightdm"] = DeviceService.LogInScreen,
        ["lxdm"] = DeviceService.LogInScreen,
        ["ly"] = DeviceService.LogInScreen,
        ["plasmalogin"] = DeviceService.LogInScreen,
        ["sddm"] = DeviceService.LogInScreen,
        ["slim"] = DeviceService.LogInScreen,
        ["wdm"] = DeviceService.LogInScreen,
        ["xdm"] = DeviceService.LogInScreen,
        ["cinnamon-screensaver"] = DeviceService.ScreenLock,
        ["cosmic-greeter"] = DeviceService.ScreenLock,
        ["gnome-screensaver"] = DeviceService.ScreenLock,
        ["gtklock"] = DeviceService.ScreenLock,
        ["hyprlock"] = DeviceService.ScreenLock,
        ["i3lock"] = DeviceService.ScreenLock,
        ["kde"] = DeviceService.ScreenLock,
        ["kde-fingerprint"] = DeviceService.ScreenLock,
        ["kscreenlocker"] = DeviceService.ScreenLock,
        ["mate-screensaver"] = DeviceService.ScreenLock,
        ["physlock"] = DeviceService.ScreenLock,
        ["swaylock"] = DeviceService.ScreenLock,
        ["vlock"] = DeviceService.ScreenLock,
        ["waylock"] = DeviceService.ScreenLock,
        ["xfce4-screensaver"] = DeviceService.ScreenLock,
        ["xlock"] = DeviceService.ScreenLock,
        ["xscreensaver"] = DeviceService.ScreenLock,
        ["xsecurelock"] = DeviceService.ScreenLock,
        ["login"] = DeviceService.Console,
        ["sudo"] = DeviceService.Sudo,
        ["sudo-i"] = DeviceService.Sudo,
        ["doas"] = DeviceService.Sudo,
        ["su"] = DeviceService.Su,
        ["su-l"] = DeviceService.Su,
        ["polkit-1"] = DeviceService.Polkit,
        ["sshd"] = DeviceService.Ssh,
    };

    /// <summary>The kind of a program.</summary>
    /// <param name="name">The name under which it calls PAM; null is <see cref="DeviceService.Other"/>.</param>
    public static DeviceService KindOf(string? name) =>
        name is not null && Known.TryGetValue(name, out var kind) ? kind : DeviceService.Other;

    /// <summary>
    /// Whether a program calls PAM as the user whose screen it locks, so that a file of that user is to be believed.
    /// </summary>
    public static bool RunsAsUser(string name) => KindOf(name) is DeviceService.ScreenLock;

    /// <summary>The failure in a burst that is mailed at once, unless an owner or administrator chose another.</summary>
    public static int DefaultAlertFrom(DeviceService kind) =>
        kind is DeviceService.Sudo or DeviceService.Su or DeviceService.Polkit ? 3 : 1;

    /// <summary>The kind in words, for lists.</summary>
    public static string InWords(this DeviceService kind) => kind switch
    {
        DeviceService.LogInScreen => "Log-in screen",
        DeviceService.ScreenLock => "Screen lock",
        DeviceService.Console => "Console",
        DeviceService.Sudo => "sudo",
        DeviceService.Su => "su",
        DeviceService.Polkit => "polkit",
        DeviceService.Ssh => "ssh",
        _ => "Other programs",
    };

    /// <summary>Where a password was typed, after "log-in to ann": <c>at the screen lock</c>, <c>with sudo</c>.</summary>
    /// <param name="name">The name under which the program calls PAM.</param>
    public static string Where(string? name) => KindOf(name) switch
    {
        DeviceService.LogInScreen => "at the log-in screen",
        DeviceService.ScreenLock => "at the screen lock",
        DeviceService.Console => "at the console",
        DeviceService.Sudo => "with sudo",
        DeviceService.Su => "with su",
        DeviceService.Polkit => "with polkit",
        DeviceService.Ssh => "over ssh",
        _ when name is WindowsRemote => "over the network",
        _ => string.IsNullOrEmpty(name) ? "with several programs" : $"with {name}",
    };

    /// <summary>The same with the device: <c>at the screen lock of front-desk</c>, <c>with sudo on front-desk</c>.</summary>
    /// <param name="name">The name under which the program calls PAM.</param>
    /// <param name="device">The device's name.</param>
    public static string Where(string? name, string device) =>
        KindOf(name) is DeviceService.LogInScreen or DeviceService.ScreenLock or DeviceService.Console
            ? $"{Where(name)} of {device}"
            : $"{Where(name)} on {device}";
}

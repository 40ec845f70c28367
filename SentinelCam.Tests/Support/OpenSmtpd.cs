using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MimeKit;

namespace SentinelCam.Tests.Support;

/// <summary>
/// A real mail server, OpenSMTPD, on loopback. It accepts mail for any address and delivers it to one Maildir for each
/// local part; nothing leaves the machine. One instance serves all tests of a process, so each test uses its own name.
/// </summary>
/// <remarks>
/// The paths of the queue and the control socket are compiled into smtpd. It runs in a mount namespace with its own <c>/run</c>
/// and <c>/var/spool</c>, so that it does not conflict with the machine's mail server or another test run. A pipe ties it to this
/// process: when the process ends for any reason, the pipe closes, the server stops, and its directory is deleted.
/// </remarks>
public sealed class OpenSmtpd : IDisposable
{
    private const string Launcher = """
        set -e
        mount -t tmpfs tmpfs /run
        mount -t tmpfs tmpfs /var/spool
        smtpd -d -f "$1/smtpd.conf" &
        trap 'kill $! 2>/dev/null; wait; rm -rf "$1"' EXIT
        read -r _ || true
        """;

    private static readonly Lazy<string?> Obstacle = new(FindObstacle);
    private static readonly Lazy<Task<OpenSmtpd>> Instance = new(StartOnceAsync);

    private readonly string _directory;
    private readonly StringBuilder _log = new();
    // Kept for its standard input: closing that pipe stops the server
    private readonly Process _launcher;

    private OpenSmtpd(string directory, int port)
    {
        _directory = directory;
        Port = port;
        var start = AsRoot("unshare", "--mount", "--propagation", "private", "bash", "-c", Launcher, "smtpd", directory);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _launcher = new Process { StartInfo = start };
        _launcher.OutputDataReceived += (_, line) => Log(line.Data);
        _launcher.ErrorDataReceived += (_, line) => Log(line.Data);
        _launcher.Start();
        _launcher.BeginOutputReadLine();
        _launcher.BeginErrorReadLine();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
    }

    /// <summary>Whether the server can run here.</summary>
    public static bool IsAvailable => Obstacle.Value is null;

    /// <summary>Why the server cannot run here; empty if it can.</summary>
    public static string Why => Obstacle.Value ?? "";

    /// <summary>The port on 127.0.0.1, without TLS or sign-in.</summary>
    public int Port { get; }

    /// <summary>The settings with which an app sends its mails here.</summary>
    public (string Key, string? Value)[] Settings => SmtpSettings.For(Port);

    /// <summary>The running server; the first call starts it.</summary>
    public static Task<OpenSmtpd> StartAsync(CancellationToken cancellationToken) => Instance.Value.WaitAsync(cancellationToken);

    /// <summary>The mail address of a mailbox.</summary>
    /// <param name="name">A name in lowercase letters, digits and hyphens that no other test uses.</param>
    public static string AddressFor(string name) => name + "@mail.test";

    /// <summary>Waits for the mailbox's first mail.</summary>
    /// <exception cref="TimeoutException">None arrived in time.</exception>
    public async Task<MimeMessage> WaitForMailAsync(string name) => (await WaitForMailsAsync(name, 1))[0];

    /// <summary>Waits until the mailbox has at least <paramref name="count"/> mails, and returns all of them.</summary>
    /// <exception cref="TimeoutException">They did not arrive in time.</exception>
    public Task<IReadOnlyList<MimeMessage>> WaitForMailsAsync(string name, int count) =>
        Eventually.GetAsync(
            () => Mails(name), mails => mails.Count >= count, LogText, text: $"{count} mails for {AddressFor(name)}");

    /// <summary>The mails in the mailbox, ordered by Date.</summary>
    public IReadOnlyList<MimeMessage> Mails(string name)
    {
        // A file in new/ is complete, because Maildir writes to tmp/ and renames
        var mailbox = new DirectoryInfo(Path.Combine(_directory, "mail", name, "new"));
        return mailbox.Exists
            ? [.. mailbox.GetFiles().Select(file => MimeMessage.Load(file.FullName)).OrderBy(mail => mail.Date)]
            : [];
    }

    /// <summary>Stops the server. Tests do not need to call this: the server stops when the process exits.</summary>
    public void Dispose()
    {
        _launcher.StandardInput.Close();
        _launcher.WaitForExit(TimeSpan.FromSeconds(5));
        _launcher.Dispose();
    }

    private static async Task<OpenSmtpd> StartOnceAsync()
    {
        var directory = Directory.CreateTempSubdirectory("sentinelcam-smtpd-").FullName;
        var mail = Directory.CreateDirectory(Path.Combine(directory, "mail")).FullName;
        if (!OperatingSystem.IsWindows())
        {
            // The server delivers as another user if the tests run as root
            const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
            const UnixFileMode Enter = Owner | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
            File.SetUnixFileMode(directory, Enter);
            File.SetUnixFileMode(mail, Enter | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite);
        }

        var port = FreePort.Take();
        // smtpd does not deliver to files as root, and the tests must be able to read the files
        var user = Environment.IsPrivilegedProcess ? "nobody" : Environment.UserName;
        await File.WriteAllTextAsync(Path.Combine(directory, "virtuals"), $"@ {user}\n");
        await File.WriteAllTextAsync(Path.Combine(directory, "smtpd.conf"), string.Create(CultureInfo.InvariantCulture, $$"""
            table virtuals file:{{directory}}/virtuals
            listen on 127.0.0.1 port {{port}} hostname localhost
            action "store" maildir "{{mail}}/%{rcpt.user}" virtual <virtuals>
            match from any for any action "store"

            """));

        var server = new OpenSmtpd(directory, port);
        await server.WaitForGreetingAsync();
        return server;
    }

    private async Task WaitForGreetingAsync()
    {
        await Eventually.TrueAsync(async () => _launcher.HasExited || await GreetsAsync(), LogText);
        if (_launcher.HasExited)
            throw new InvalidOperationException("smtpd did not start. Its log:\n" + LogText());
    }

    private async Task<bool> GreetsAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port);
            using var reader = new StreamReader(client.GetStream());
            return (await reader.ReadLineAsync())?.StartsWith("220 ", StringComparison.Ordinal) == true;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            Log("-- " + e.Message);
            return false;
        }
    }

    private void Log(string? line)
    {
        lock (_log)
            _log.AppendLine(line);
    }

    private string LogText()
    {
        lock (_log)
            return _log.ToString();
    }

    private static string? FindObstacle()
    {
        if (!OperatingSystem.IsLinux())
            return "opensmtpd: runs on Linux only";
        if (!File.Exists("/usr/sbin/smtpd"))
            return "opensmtpd: not installed";

        // Tries a part of what the launcher does, to find out whether it is permitted
        var start = AsRoot("unshare", "--mount", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/var/spool");
        start.RedirectStandardError = true;
        try
        {
            using var trial = Process.Start(start)!;
            var problem = trial.StandardError.ReadToEnd();
            trial.WaitForExit();
            return trial.ExitCode == 0
                ? null
                : "opensmtpd: needs root, or sudo without a password, and the right to mount: " + problem.Trim();
        }
        catch (Win32Exception)
        {
            return "opensmtpd: needs root, or sudo";
        }
    }

    private static ProcessStartInfo AsRoot(params string[] command) =>
        Environment.IsPrivilegedProcess
            ? new ProcessStartInfo(command[0], command[1..])
            : new ProcessStartInfo("sudo", ["-n", .. command]);
}

using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MimeKit;

namespace SentinelCam.Tests.Support;

/// <summary>
/// A real mail server, OpenSMTPD, on loopback. It accepts mail for any address and delivers it to one Maildir per local part;
/// nothing leaves the machine. All tests share one instance, and each test uses its own names.
/// </summary>
/// <remarks>
/// The paths of queue and control socket are compiled into smtpd. It runs in a mount namespace with its own <c>/run</c> and
/// <c>/var/spool</c>, so that it meets no other mail server. A pipe ties it to this process: when the process ends, for whatever
/// reason, the pipe closes, and the server and its directory disappear.
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

    private static readonly Lazy<string?> Lack = new(FindLack);
    private static readonly Lazy<Task<OpenSmtpd>> Instance = new(StartOnceAsync);

    private readonly string _directory;
    private readonly StringBuilder _log = new();
    // Closing its input stops the server
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
    public static bool IsAvailable => Lack.Value is null;

    /// <summary>What the server lacks; empty if it can run.</summary>
    public static string Why => Lack.Value ?? "";

    /// <summary>The port on 127.0.0.1: plain text, no sign-in.</summary>
    public int Port { get; }

    /// <summary>The settings with which an app sends its mails here.</summary>
    public (string Key, string? Value)[] Settings => SmtpSettings.For(Port);

    /// <summary>The running server; the first call starts it.</summary>
    public static Task<OpenSmtpd> StartAsync(CancellationToken cancellationToken) => Instance.Value.WaitAsync(cancellationToken);

    /// <summary>The mail address of a mailbox.</summary>
    /// <param name="name">Small letters, digits and hyphens; one that no other test uses.</param>
    public static string AddressFor(string name) => name + "@mail.test";

    /// <summary>Waits for the mailbox's first mail.</summary>
    /// <exception cref="TimeoutException">None came in time.</exception>
    public async Task<MimeMessage> WaitForMailAsync(string name) => (await WaitForMailsAsync(name, 1))[0];

    /// <summary>Waits until the mailbox has at least so many mails, and returns all of them.</summary>
    /// <exception cref="TimeoutException">They did not come in time.</exception>
    public Task<IReadOnlyList<MimeMessage>> WaitForMailsAsync(string name, int count) =>
        Eventually.GetAsync(
            () => Mails(name), mails => mails.Count >= count, Said, text: $"{count} mails for {AddressFor(name)}");

    /// <summary>The mailbox's mails so far, in the order of their Date.</summary>
    public IReadOnlyList<MimeMessage> Mails(string name)
    {
        // A delivery is complete once its file is in new/, since Maildir writes to tmp/ and renames
        var mailbox = new DirectoryInfo(Path.Combine(_directory, "mail", name, "new"));
        return mailbox.Exists
            ? [.. mailbox.GetFiles().Select(file => MimeMessage.Load(file.FullName)).OrderBy(mail => mail.Date)]
            : [];
    }

    /// <summary>Stops the server. Happens by itself after the tests.</summary>
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
            // The server delivers as another user if the tests run as root.
            const UnixFileMode Enter =
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
            File.SetUnixFileMode(directory, Enter);
            File.SetUnixFileMode(mail, Enter | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite);
        }

        var port = FreePort();
        // smtpd does not deliver to files as root; the tests read what it delivers.
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
        await Eventually.TrueAsync(async () => _launcher.HasExited || await GreetsAsync(), Said);
        if (_launcher.HasExited)
            throw new InvalidOperationException("smtpd did not start. It said:\n" + Said());
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

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private void Log(string? line)
    {
        lock (_log)
            _log.AppendLine(line);
    }

    private string Said()
    {
        lock (_log)
            return _log.ToString();
    }

    private static string? FindLack()
    {
        if (!OperatingSystem.IsLinux())
            return "opensmtpd: runs on Linux only";
        if (!File.Exists("/usr/sbin/smtpd"))
            return "opensmtpd: not installed";

        // A part of what the launcher does, to see whether it is allowed
        var start = AsRoot("unshare", "--mount", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/var/spool");
        start.RedirectStandardError = true;
        try
        {
            using var trial = Process.Start(start)!;
            var problem = trial.StandardError.ReadToEnd();
            trial.WaitForExit();
            return trial.ExitCode == 0 ? null : "opensmtpd: needs root, or sudo without a password, and the right to mount: "
                + problem.Trim();
        }
        catch (Win32Exception)
        {
            return "opensmtpd: needs root, or sudo";
        }
    }

    private static ProcessStartInfo AsRoot(params string[] command) =>
        Environment.IsPrivilegedProcess ? new ProcessStartInfo(command[0], command[1..])
            : new ProcessStartInfo("sudo", ["-n", .. command]);
}

using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MimeKit;

namespace SentinelCam.Tests.Support;

/// <summary>
/// A mail server from Debian's package, unpacked instead of installed, on loopback. It delivers to one Maildir for each local
/// part of <c>mail.test</c>; nothing leaves the machine.
/// </summary>
/// <remarks>
/// Paths and user names are compiled in. So it runs in a mount namespace whose <c>/usr</c> and <c>/etc</c> also have the
/// package's files, its configuration and its users, and whose <c>/run</c> and <c>/var/spool</c> are its own. When the pipe to
/// this process closes, the launcher ends, and with it all processes of its process namespace.
/// </remarks>
public sealed class UnpackedMailServer : IDisposable
{
    // $1: this server's directory; $2: the unpacked packages; $3: the user who owns the mails; then the command
    private const string Launcher = """
        set -e
        directory=$1 packages=$2 owner=$3
        shift 3
        cp /etc/passwd /etc/group "$directory/etc"
        cat >>"$directory/etc/passwd" <<'END'
        Debian-exim:x:64901:64901::/:/bin/false
        postfix:x:64902:64902::/:/bin/false
        END
        cat >>"$directory/etc/group" <<'END'
        Debian-exim:x:64901:
        postfix:x:64902:
        postdrop:x:64903:
        END
        chown -R root:root "$directory/etc"
        mount -t overlay -o "lowerdir=$directory/etc:$packages/etc:/etc" overlay /etc
        mount -t overlay -o "lowerdir=$packages/usr:/usr" overlay /usr
        mount -t tmpfs tmpfs /run
        mount -t tmpfs tmpfs /var/spool
        chmod 755 "$directory"
        mkdir -p "$directory/mail" "$directory/spool" "$directory/data" /var/spool/postfix
        chown "$owner" "$directory/mail" "$directory/spool"
        chown postfix "$directory/data"
        "$@" &
        trap 'kill $! 2>/dev/null; rm -rf "$directory"' EXIT
        read -r _ || true
        """;

    private readonly string _directory;
    private readonly StringBuilder _log = new();
    private readonly Process _launcher;

    private UnpackedMailServer(string directory, params string[] command)
    {
        _directory = directory;
        var start = AsRoot(["unshare", "--mount", "--pid", "--fork", "--propagation", "private",
            "bash", "-c", Launcher, "mail-server", directory, Packages, Owner, .. command]);
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

    /// <summary>Where <c>SentinelCam.Tests/run</c> unpacks the packages.</summary>
    private static string Packages { get; } = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "sentinelcam-tests", "mail-servers");

    /// <summary>The servers do not deliver as root.</summary>
    public static string Owner { get; } = Environment.IsPrivilegedProcess ? "nobody" : Environment.UserName;

    /// <summary>Why a server cannot run here; null if it can.</summary>
    /// <param name="program">The server's program below the unpacked packages.</param>
    public static string? ObstacleFor(string program)
    {
        if (!OperatingSystem.IsLinux())
            return "runs on Linux only";
        if (!File.Exists(Path.Combine(Packages, program)))
            return "not unpacked: SentinelCam.Tests/run does that";
        var start = AsRoot(["unshare", "--mount", "--propagation", "private",
            "mount", "-t", "overlay", "-o", $"lowerdir={Packages}/usr:/usr", "overlay", "/usr"]);
        start.RedirectStandardError = true;
        try
        {
            using var trial = Process.Start(start)!;
            var problem = trial.StandardError.ReadToEnd();
            trial.WaitForExit();
            return trial.ExitCode == 0
                ? null
                : "needs root, or sudo without a password, and the right to mount: " + problem.Trim();
        }
        catch (Win32Exception)
        {
            return "needs root, or sudo";
        }
    }

    /// <summary>Starts a server and waits for its greeting on the first port.</summary>
    /// <param name="files">Its configuration files in <c>/etc</c>; "@directory@" is replaced by the server's directory.</param>
    /// <param name="port">A port that it listens on.</param>
    /// <param name="command">The command.</param>
    public static async Task<UnpackedMailServer> StartAsync(
        IReadOnlyDictionary<string, string> files, int port, params string[] command)
    {
        var directory = Directory.CreateTempSubdirectory("sentinelcam-mail-").FullName;
        foreach (var (name, text) in files)
        {
            var path = Path.Combine(directory, "etc", name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, text.Replace("@directory@", directory, StringComparison.Ordinal));
        }

        var server = new UnpackedMailServer(directory, command);
        await server.WaitForGreetingAsync(port);
        return server;
    }

    /// <summary>Waits for the first mail to a local part of <c>mail.test</c>.</summary>
    /// <exception cref="TimeoutException">None arrived within 30 seconds.</exception>
    public async Task<MimeMessage> WaitForMailAsync(string name, CancellationToken cancellationToken)
    {
        var mailbox = Path.Combine(_directory, "mail", name, "new");
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(30); await Task.Delay(20, cancellationToken))
        {
            if (Directory.Exists(mailbox) && Directory.GetFiles(mailbox) is [var file, ..])
                return MimeMessage.Load(file, cancellationToken);
        }

        throw new TimeoutException($"No mail for {name} arrived. The server's log:\n{LogText()}");
    }

    /// <summary>Stops the server and deletes its directory.</summary>
    public void Dispose()
    {
        _launcher.StandardInput.Close();
        _launcher.WaitForExit(TimeSpan.FromSeconds(5));
        _launcher.Dispose();
    }

    private async Task WaitForGreetingAsync(int port)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < TimeSpan.FromSeconds(60) && !_launcher.HasExited)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port);
                using var reader = new StreamReader(client.GetStream());
                if ((await reader.ReadLineAsync())?.StartsWith("220 ", StringComparison.Ordinal) == true)
                    return;
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                // Not yet
            }

            await Task.Delay(50);
        }

        throw new InvalidOperationException("The mail server did not start. Its log:\n" + LogText());
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

    private static ProcessStartInfo AsRoot(string[] command) =>
        Environment.IsPrivilegedProcess
            ? new ProcessStartInfo(command[0], command[1..])
            : new ProcessStartInfo("sudo", ["-n", .. command]);
}

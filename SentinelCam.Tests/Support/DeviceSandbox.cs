using System.ComponentModel;
using System.Diagnostics;

namespace SentinelCam.Tests.Support;

/// <summary>
/// This machine's log-in programs in a mount namespace with <c>/etc</c>, <c>/var</c>, <c>/home</c>, <c>/usr/libexec</c> and
/// <c>/usr/share</c> of its own. Whatever a test changes there is gone afterwards; the machine's own PAM is never touched.
/// </summary>
/// <remarks>
/// The users are <c>ann</c> and <c>ben</c>, who may use <c>sudo</c>, and <c>sentinelcam</c>. Wrong passwords are refused without
/// PAM's own delay. The file systems are overlays in memory. A pipe ties the sandbox to this process: when the pipe closes, every
/// process in the namespace is killed, and with the last one the namespace and its file systems end.
/// </remarks>
public sealed class DeviceSandbox : IDisposable
{
    /// <summary>Ann's and Ben's password.</summary>
    public const string Password = "correct horse";

    /// <summary>The directory where the helper puts events.</summary>
    public const string Spool = "/var/spool/sentinelcam";

    /// <summary>The directory where the helper puts events if it runs as root.</summary>
    public const string RootSpool = "/var/spool/sentinelcam-root";

    private const string Launcher = """
        set -e
        directory=$(mktemp -d)
        mount -t tmpfs -o mode=755 tmpfs "$directory"
        for folder in etc var home usr/libexec usr/share; do
            mkdir -p "$directory/new/$folder" "$directory/work/$folder"
            own="upperdir=$directory/new/$folder,workdir=$directory/work/$folder"
            mount -t overlay -o "lowerdir=/$folder,$own" overlay "/$folder"
        done
        # The overlays keep what they use
        umount -l "$directory"
        rmdir "$directory"
        mount -t tmpfs -o mode=755 tmpfs /run
        mkdir -p /run/sshd /run/lock /run/dbus
        # Otherwise a display manager would change what this machine's own screen shows
        for terminal in /dev/tty0 /dev/console; do
            [ ! -e $terminal ] || mount --bind /dev/null $terminal
        done
        hash='$6$rounds=1000$sentinelcam$F.NAaubuLOqW6Km9lJD22bwZV42obgLVDll6EJypRc.eaKAH7lm1eIY.rsldzv9WYc.FRwE97RLszunl1zvZL.'
        id=60101
        for user in ann ben; do
            echo "$user:x:$id:$id::/home/$user:/bin/sh" >>/etc/passwd
            echo "$user:x:$id:" >>/etc/group
            echo "$user:$hash:20000::::::" >>/etc/shadow
            mkdir "/home/$user" && chown "$id:$id" "/home/$user"
            id=$((id + 1))
        done
        echo "sentinelcam:x:60110:60110::/nonexistent:/usr/sbin/nologin" >>/etc/passwd
        echo "sentinelcam:x:60110:" >>/etc/group
        if [ -d /etc/sudoers.d ]; then
            printf '%s\n' 'Defaults lecture=never, !fqdn' 'ann,ben ALL=(ALL:ALL) ALL' >/etc/sudoers.d/sentinelcam-tests
        fi
        # The packages' lines, without what an administrator of this machine added
        DEBIAN_FRONTEND=noninteractive pam-auth-update --package --force
        rm -f /etc/pam.d/*.pam-old
        sed -i 's/pam_unix.so nullok/& nodelay/' /etc/pam.d/common-auth
        sed -i '/pam_faildelay/d' /etc/pam.d/login
        echo 'FAIL_DELAY 0' >>/etc/login.defs
        # First politely, so that an X server removes its files in /tmp
        end() {
            for signal in TERM 0 0 0 0 0 0 0 0 0 KILL 0 0 0; do
                left=
                for process in /proc/[0-9]*; do
                    [ "${process#/proc/}" != $$ ] && [ "$process/ns/mnt" -ef /proc/$$/ns/mnt ] &&
                        kill -"$signal" "${process#/proc/}" && left=1
                done
                [ "$left" ] || break
                sleep 0.05
            done 2>/dev/null
        }
        trap end EXIT
        cat >/run/talk <<'END'
        set timeout 60
        set split [lsearch -exact $argv --]
        spawn -noecho {*}[lrange $argv [expr {$split + 1}] end]
        foreach {question answer} [lrange $argv 0 [expr {$split - 1}]] {
            expect {
                -ex $question { send -- "$answer\r" }
                timeout { puts "It does not ask: $question"; exit 124 }
                eof { puts "It ended before it asked: $question"; exit 125 }
            }
        }
        expect {
            eof {}
            timeout { puts "It does not end"; exit 124 }
        }
        exit [lindex [wait] 3]
        END
        echo "ready $$"
        read -r _ || true
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly Lazy<string?> Obstacle = new(FindObstacle);

    // Kept for its standard input: closing that pipe ends the sandbox
    private readonly Process _launcher;
    private readonly string _id;
    private readonly List<SandboxServer> _servers = [];
    private bool _isDisposed;

    private DeviceSandbox()
    {
        var start = AsRoot("unshare", "--mount", "--propagation", "private", "bash", "-c", Launcher);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _launcher = Process.Start(start)!;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
        var problems = _launcher.StandardError.ReadToEndAsync();
        string? line;
        do
            line = _launcher.StandardOutput.ReadLine();
        while (line is not null && !line.StartsWith("ready ", StringComparison.Ordinal));
        _id = line?["ready ".Length..] ?? throw new InvalidOperationException("The sandbox did not start: " + problems.Result);
    }

    /// <summary>Starts a sandbox, or skips the test if none can run here.</summary>
    public static DeviceSandbox Create()
    {
        Assert.SkipUnless(Obstacle.Value is null, "log-in programs: " + Obstacle.Value);
        return new();
    }

    /// <summary>The start of a program in the sandbox.</summary>
    public ProcessStartInfo Start(string program, params string[] arguments) =>
        AsRoot(["nsenter", "--mount=/proc/" + _id + "/ns/mnt", "--wd=/", "--", program, .. arguments]);

    /// <summary>Runs a program in the sandbox as root to its end.</summary>
    /// <param name="input">What it reads from standard input.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    public async Task<SandboxResult> RunAsync(string? input, string program, params string[] arguments)
    {
        var start = Start(program, arguments);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        // Ends when no process has the pipes any longer
        var texts = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await texts.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await process.WaitForExitAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        return new(process.ExitCode, (await texts)[0], (await texts)[1], watch.Elapsed);
    }

    /// <summary>Runs a shell script in the sandbox as root; throws if it fails.</summary>
    public async Task<string> ShellAsync(string script)
    {
        var result = await RunAsync(null, "bash", "-c", "set -e; " + script);
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException(result.ToString());
    }

    /// <summary>Runs a program on a terminal and answers its questions.</summary>
    /// <param name="user">The user who runs it.</param>
    /// <param name="turns">What it prints, and what to type then.</param>
    /// <param name="program">The program and its arguments.</param>
    public Task<SandboxResult> TalkAsync(string user, (string Question, string Answer)[] turns, params string[] program)
    {
        var texts = turns.SelectMany(turn => new[] { turn.Question, turn.Answer });
        return RunAsync(null, "runuser", ["-u", user, "--", "expect", "-f", "/run/talk", .. texts, "--", .. program]);
    }

    /// <summary>Starts a shell script as root that runs until the sandbox ends.</summary>
    public SandboxServer StartServer(string script)
    {
        var server = new SandboxServer(Start("bash", "-c", script));
        _servers.Add(server);
        return server;
    }

    /// <summary>Runs SentinelCam's command line in the sandbox.</summary>
    public Task<SandboxResult> SentinelCamAsync(params string[] arguments) => SentinelCamAsync([], arguments);

    /// <summary>The same with settings in the environment.</summary>
    public Task<SandboxResult> SentinelCamAsync((string Key, string? Value)[] settings, params string[] arguments) => RunAsync(
        null, "env",
        [
            .. settings.Select(setting => $"{setting.Key.Replace(":", "__", StringComparison.Ordinal)}={setting.Value}"),
            "dotnet", Path.Combine(AppContext.BaseDirectory, "SentinelCam.dll"), .. arguments,
        ]);

    /// <summary>The events in the spool, in their order.</summary>
    public async Task<IReadOnlyList<SpooledEvent>> EventsAsync()
    {
        var listing = await ShellAsync($$"""
            for file in {{Spool}}/* {{RootSpool}}/*; do
                [ ! -f "$file" ] || echo "${file##*/} $(stat -c '%U %a %Y' "$file") $(base64 -w0 "$file")"
            done
            """);
        return
        [
            .. listing.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(SpooledEvent.Parse).OrderBy(file => file.Uptime).ThenBy(file => file.Process)
        ];
    }

    /// <summary>Takes the events out of the spool.</summary>
    public async Task<IReadOnlyList<SpooledEvent>> TakeEventsAsync()
    {
        var events = await EventsAsync();
        await EmptySpoolAsync();
        return events;
    }

    /// <summary>Deletes everything in the spool.</summary>
    public Task EmptySpoolAsync() => ShellAsync($"find {Spool} {RootSpool} -mindepth 1 -delete");

    /// <summary>Ends everything in the sandbox, and the sandbox.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _launcher.StandardInput.Close();
        _launcher.WaitForExit(TimeSpan.FromSeconds(10));
        _launcher.Dispose();
        _servers.ForEach(server => server.Dispose());
    }

    private static string? FindObstacle()
    {
        if (!OperatingSystem.IsLinux())
            return "Linux only";
        string[] programs =
        [
            "/usr/sbin/pam-auth-update", "/usr/bin/sudo", "/usr/sbin/sshd", "/usr/bin/expect", "/usr/bin/i3lock", "/usr/bin/Xvfb",
            "/usr/bin/xdotool", "/bin/login",
        ];
        if (programs.FirstOrDefault(program => !File.Exists(program)) is { } missing)
            return $"{missing} is not installed";

        var start = AsRoot("unshare", "--mount", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/var");
        start.RedirectStandardError = true;
        try
        {
            using var trial = Process.Start(start)!;
            var problem = trial.StandardError.ReadToEnd();
            trial.WaitForExit();
            return trial.ExitCode == 0
                ? null
                : "root, or sudo without a password, and the right to mount are needed: " + problem.Trim();
        }
        catch (Win32Exception)
        {
            return "root or sudo is needed";
        }
    }

    private static ProcessStartInfo AsRoot(params string[] command) =>
        Environment.IsPrivilegedProcess
            ? new ProcessStartInfo(command[0], command[1..])
            : new ProcessStartInfo("sudo", ["-n", .. command]);
}

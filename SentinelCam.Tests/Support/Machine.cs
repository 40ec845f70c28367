using System.ComponentModel;
using System.Diagnostics;

namespace SentinelCam.Tests.Support;

/// <summary>
/// This machine's programs in namespaces of their own, where packages can be installed: <c>/etc</c>, <c>/opt</c>, <c>/usr</c> and
/// <c>/var</c> are overlays in memory, and there is a network with nothing but loopback. If asked for, a systemd of its own
/// manages the services there.
/// </summary>
/// <remarks>
/// A pipe ties the machine to this process: when it closes, the first process of the machine is killed, and all others with it.
/// </remarks>
public sealed class Machine : IDisposable
{
    private const string Launcher = """
        set -e
        directory=$(mktemp -d)
        mount -t tmpfs -o mode=755 tmpfs "$directory"
        for folder in etc opt usr var; do
            mkdir -p "$directory/new/$folder" "$directory/work/$folder"
            own="upperdir=$directory/new/$folder,workdir=$directory/work/$folder"
            mount -t overlay -o "lowerdir=/$folder,$own" overlay "/$folder"
        done
        umount -l "$directory"
        rmdir "$directory"
        mount -t tmpfs -o mode=755 tmpfs /run
        # The settings of the kernel are the machine's own
        mount -o bind,ro /proc/sys /proc/sys
        ip link set lo up
        rm -rf /etc/fstab /usr/sbin/policy-rc.d /usr/lib/systemd/system/*.wants /etc/systemd/system/*.wants
        rm -rf /usr/lib/systemd/system-generators /var/lib/sentinelcam
        echo ready >&3
        if [ "$1" != systemd ]; then
            exec sleep infinity
        fi
        echo 0 >"$2/cgroup.procs"
        ln -s /dev/null /etc/systemd/system/systemd-remount-fs.service
        ln -s /dev/null /etc/systemd/system/dev-hugepages.mount
        mkdir -p /etc/systemd/system/tests.target.requires
        ln -s /lib/systemd/system/systemd-journald.s* /etc/systemd/system/tests.target.requires
        printf '[Unit]\nRequires=basic.target\nAfter=basic.target\n' >/etc/systemd/system/tests.target
        [ -s /etc/machine-id ] || echo 0123456789abcdef0123456789abcdef >/etc/machine-id
        exec unshare --cgroup sh -c '
            umount -R /sys/fs/cgroup
            mount -t cgroup2 cgroup2 /sys/fs/cgroup
            exec env -i container=tests PATH="$PATH" LANG=C.UTF-8 /lib/systemd/systemd --unit=tests.target --show-status=no
        ' 3>&- >/dev/null 2>&1
        """;

    /// <summary>Starts the launcher as the first process of its own namespace, and ends it when the pipe closes.</summary>
    private const string Outside = """
        group=
        if [ "$1" = systemd ]; then
            group=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)/sentinelcam-tests-$$
            mkdir "$group" || exit
        fi
        exec 3>&1
        unshare --mount --propagation private --pid --fork --kill-child --mount-proc --ipc --uts --net \
            bash -c "$0" bash "$1" "$group" >/dev/null </dev/null &
        outer=$!
        inner=
        until [ "$inner" ]; do
            sleep 0.05
            inner=$(ps -o pid= --ppid $outer | tr -d ' ') || kill -0 $outer || exit
        done
        echo "first $inner"
        exec 3>&-
        read -r _
        kill -KILL "$inner"
        wait $outer
        for _ in 1 2 3 4 5; do
            [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + || sleep 0.1
        done 2>/dev/null
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly Lazy<string?> Obstacle = new(FindObstacle);

    private readonly Process _launcher;
    private readonly string _first;
    private bool _isDisposed;

    private Machine(bool hasSystemd)
    {
        var start = new ProcessStartInfo("bash", ["-c", Outside, Launcher, hasSystemd ? "systemd" : "none"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The build's own variables are no part of a machine
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["LANG"] = "C.UTF-8";
        _launcher = Process.Start(start)!;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
        var problems = _launcher.StandardError.ReadToEndAsync();
        string? first = null;
        var isReady = false;
        while ((first is null || !isReady) && _launcher.StandardOutput.ReadLine() is { } line)
        {
            isReady |= line == "ready";
            if (line.StartsWith("first ", StringComparison.Ordinal))
                first = line["first ".Length..];
        }

        _first = isReady && first is not null ? first : throw new InvalidOperationException("No machine: " + problems.Result);
    }

    /// <summary>Starts a machine, or skips the test if none can run here.</summary>
    /// <param name="hasSystemd">Whether systemd runs there. Without, it is as in most containers.</param>
    public static async Task<Machine> StartAsync(bool hasSystemd)
    {
        Assert.SkipUnless(Obstacle.Value is null, "packages: " + Obstacle.Value);
        var machine = new Machine(hasSystemd);
        if (hasSystemd)
        {
            await machine.ShellAsync(
                "until [ -e /run/systemd/private ] && systemctl is-active -q tests.target; do sleep 0.1; done");
        }

        return machine;
    }

    /// <summary>Runs a shell script as root; throws with its output if it fails.</summary>
    public async Task<string> ShellAsync(string script)
    {
        var result = await TryAsync(script);
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException(result.ToString());
    }

    /// <summary>Runs a shell script as root.</summary>
    public async Task<SandboxResult> TryAsync(string script)
    {
        var start = new ProcessStartInfo(
            "nsenter", [$"--target={_first}", "--mount", "--pid", "--ipc", "--uts", "--net", "--wd=/", "--", "bash", "-c",
                "set -e; " + script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["LANG"] = "C.UTF-8";
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        return new(process.ExitCode, await output, await errors, watch.Elapsed);
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _launcher.StandardInput.Close();
        _launcher.WaitForExit(TimeSpan.FromSeconds(20));
        _launcher.Dispose();
    }

    private static string? FindObstacle()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            return "root on Linux is needed";
        string[] programs = ["/lib/systemd/systemd", "/usr/bin/dpkg-deb", "/usr/bin/curl", "/usr/sbin/adduser", "/bin/ip"];
        if (programs.FirstOrDefault(program => !File.Exists(program)) is { } missing)
            return $"{missing} is not installed";
        try
        {
            using var trial = Process.Start(new ProcessStartInfo(
                "unshare", ["--mount", "--pid", "--fork", "--net", "--cgroup", "mount", "-t", "tmpfs", "tmpfs", "/var"])
            {
                RedirectStandardError = true,
            })!;
            var problem = trial.StandardError.ReadToEnd();
            trial.WaitForExit();
            return trial.ExitCode == 0 ? null : "the right to mount is needed: " + problem.Trim();
        }
        catch (Win32Exception)
        {
            return "unshare is not installed";
        }
    }
}

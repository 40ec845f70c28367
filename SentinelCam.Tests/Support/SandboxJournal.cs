using System.Diagnostics;
using System.Runtime.Versioning;

namespace SentinelCam.Tests.Support;

/// <summary>The real journal in a sandbox of log-in programs. It keeps its files in memory.</summary>
[SupportedOSPlatform("linux")]
public sealed class SandboxJournal : IDisposable
{
    private const string Daemon = "/lib/systemd/systemd-journald";

    // The socket of syslog lies in /dev, so the sandbox gets its own
    private const string Prepare = """
        mkdir -p /run/dev /run/systemd/journald.conf.d /run/systemd/journal
        mount -t tmpfs tmpfs /run/dev
        for device in null zero full random urandom tty; do
            touch /run/dev/$device
            mount --bind /dev/$device /run/dev/$device
        done
        mkdir /run/dev/pts /run/dev/shm
        mount --rbind /dev/pts /run/dev/pts
        mount --rbind /dev/shm /run/dev/shm
        ln -s pts/ptmx /run/dev/ptmx
        ln -s /proc/self/fd /run/dev/fd
        ln -s /run/systemd/journal/dev-log /run/dev/log
        mount --rbind /run/dev /dev
        # PAM's own delay: the journal cannot tell which program a message is from once it has ended
        sed -i 's/ nodelay//' /etc/pam.d/common-auth
        printf '%s\n' '[Journal]' Storage=volatile ReadKMsg=no Audit=no >/run/systemd/journald.conf.d/tests.conf
        """;

    private readonly Process _daemon;

    private SandboxJournal(Process daemon, string program) => (_daemon, Program) = (daemon, program);

    /// <summary>A <c>journalctl</c> that reads this journal from outside the sandbox.</summary>
    public string Program { get; }

    /// <summary>Starts the journal, or skips the test if it is not installed.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="directory">Where <see cref="Program"/> is put.</param>
    public static async Task<SandboxJournal> StartAsync(DeviceSandbox sandbox, string directory)
    {
        ArgumentNullException.ThrowIfNull(sandbox);
        Assert.SkipUnless(File.Exists(Daemon) && File.Exists("/etc/machine-id"), "systemd-journald is not installed");
        await sandbox.ShellAsync(Prepare);
        // Even on a busy machine it asks about a program before that ends
        var daemon = Process.Start(sandbox.Start("nice", "-n", "-19", Daemon))!;
        await Eventually.TrueAsync(
            async () => (await sandbox.RunAsync(null, "test", "-S", "/run/systemd/journal/dev-log")).ExitCode == 0);

        var start = sandbox.Start("journalctl");
        var program = Path.Combine(directory, "journalctl");
        var command = string.Join(' ', [start.FileName, .. start.ArgumentList]);
        await File.WriteAllTextAsync(program, $"#!/bin/sh\nexec {command} \"$@\"\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new(daemon, program);
    }

    public void Dispose()
    {
        _daemon.Kill();
        _daemon.WaitForExit();
        _daemon.Dispose();
    }
}

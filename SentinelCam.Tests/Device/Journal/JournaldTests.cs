using System.Diagnostics;
using System.Runtime.Versioning;
using SentinelCam.Configuration;
using SentinelCam.Device;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>Real log-in programs, the real journal and the real <c>journalctl</c>.</summary>
[SupportedOSPlatform("linux")]
public sealed class JournaldTests : IDisposable
{
    private static readonly OsUser[] Users = [new("root", 0, 0), new("ann", 60101, 60101), new("ben", 60102, 60102)];

    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
    private readonly DeviceSandbox _sandbox = DeviceSandbox.Create();
    private readonly DataDirectory _data;

    public JournaldTests() => _data = SourceRun.Open(Path.Combine(_directory, "data"));

    public void Dispose()
    {
        _data.Dispose();
        _sandbox.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Wrong_passwords_at_su_and_sudo_are_found_once_also_after_a_restart_and_forged_lines_are_not()
    {
        using var journal = await SandboxJournal.StartAsync(_sandbox, _directory);
        await using (var run = new SourceRun(Source(journal)))
        {
            await AsAnnAsync("logger -t sshd 'Failed password for root from 203.0.113.9 port 22 ssh2'");
            await AsAnnAsync("echo wrong | su ben -c id");
            await Eventually.TrueAsync(() => run.Events.Count >= 1);

            var su = Assert.Single(run.Events);
            Assert.Equal(("su", "ben", "ann", false), (su.Service, su.User, su.Caller, su.IsAccepted));
        }

        // The first round is without a running source. The journal does not know whose a message is if the program ends before
        // the journal asks: then sudo's last message is missing, and there is another round
        SourceRun again = null!;
        try
        {
            var (rounds, seen, found) = (0, 0, 0);
            while (found < 3)
            {
                Assert.InRange(++rounds, 1, 20);
                await AsAnnAsync("printf 'wrong\\nwrong\\nwrong\\n' | sudo -S id");
                again ??= new SourceRun(Source(journal));
                // Its program waits for PAM's delay, so it is found, and what was before it too
                await AsAnnAsync("echo wrong | su ben -c id");
                await Eventually.TrueAsync(() => again.Events.Count(item => item.Service == "su") >= rounds);
                found = again.Events.Skip(seen).Count(item => item.Service == "sudo");
                seen = again.Events.Count;
            }

            _ = AsAnnAsync($"echo '{DeviceSandbox.Password}' | su ben -c 'sleep 60'");
            await Eventually.TrueAsync(() => again.Events.Count > seen);

            Assert.Equal(
                [
                    .. Enumerable.Repeat(("sudo", "ann", "ann", false), 3), ("su", "ben", "ann", false),
                    ("su", "ben", "ann", true),
                ],
                again.Events.TakeLast(5).Select(item => (item.Service, item.User, item.Caller, item.IsAccepted)));
            Assert.Equal(rounds + 1, again.Events.Count(item => item.Service == "su"));
            Assert.Equal(again.Events.Count, again.Events.Select(item => item.Key).Distinct().Count());
        }
        finally
        {
            if (again is not null)
                await again.DisposeAsync();
        }
    }

    [Fact]
    public async Task Wrong_passwords_over_ssh_are_found_with_their_address_and_a_name_cannot_pose_as_another()
    {
        using var journal = await SandboxJournal.StartAsync(_sandbox, _directory);
        await using var run = new SourceRun(Source(journal));
        var port = FreePort.Take();
        await _sandbox.ShellAsync("""
            ssh-keygen -q -t ed25519 -N '' -f /run/hostkey
            printf '#!/bin/sh\nprintf "%%s\\n" "$PASSWORD"\n' >/run/askpass
            chmod 755 /run/askpass
            """);
        using var server = Process.Start(_sandbox.Start(
            "/usr/sbin/sshd", "-D", "-f", "/dev/null", "-o", $"Port={port}", "-o", "ListenAddress=127.0.0.1",
            "-o", "HostKey=/run/hostkey", "-o", "UsePAM=yes", "-o", "PidFile=none"))!;
        try
        {
            await Eventually.TrueAsync(async () =>
                (await SignInAsync("ann", "wrong")).Errors.Contains("Permission denied", StringComparison.Ordinal));
            await SignInAsync("x rhost=9.9.9.9  user=root from 9.9.9.9 port 22 ssh2", "wrong");
            Assert.Equal(0, (await SignInAsync("ben", DeviceSandbox.Password)).ExitCode);
            await Eventually.TrueAsync(() => run.Events.Count >= 3);
        }
        finally
        {
            server.Kill();
        }

        Assert.Equal(
            [("sshd", "ann", "127.0.0.1", false), ("sshd", "", "127.0.0.1", false), ("sshd", "ben", "127.0.0.1", true)],
            run.Events.Select(item => (item.Service, item.User, item.RemoteHost, item.IsAccepted)));

        Task<SandboxResult> SignInAsync(string user, string password) => _sandbox.RunAsync(
            null, "env", "SSH_ASKPASS_REQUIRE=force", "SSH_ASKPASS=/run/askpass", "PASSWORD=" + password,
            "ssh", "-F", "none", "-p", $"{port}", "-l", user, "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "NumberOfPasswordPrompts=1",
            "-o", "PreferredAuthentications=password", "127.0.0.1", "true");
    }

    [Fact]
    public async Task Wrong_password_at_a_screen_lock_is_found_at_once_but_only_the_first_of_each_lock()
    {
        using var journal = await SandboxJournal.StartAsync(_sandbox, _directory);
        await using var run = new SourceRun(Source(journal));
        var screen = await SandboxScreen.StartAsync(_sandbox);
        await screen.LockAsync("ben");

        await screen.TypeAsync("wrong");
        await Eventually.TrueAsync(() => run.Events.Count == 1);
        await screen.TypeAsync("wrong too");
        // It takes no keys while it checks a password
        await Eventually.TrueAsync(async () =>
        {
            await screen.TypeAsync(DeviceSandbox.Password);
            return (await _sandbox.RunAsync(null, "pgrep", "-u", "ben", "i3lock")).ExitCode == 1;
        });
        await AsAnnAsync("echo wrong | su ben -c id");
        await Eventually.TrueAsync(() => run.Events.Any(item => item.Service == "su"));

        Assert.Equal(
            [("i3lock", "ben", "", screen.Display, false), ("su", "ben", "ann", "", false)],
            run.Events.Select(item => (item.Service, item.User, item.Caller, item.Terminal, item.IsAccepted)));
    }

    private Task<SandboxResult> AsAnnAsync(string command) =>
        _sandbox.RunAsync(null, "setpriv", "--reuid=60101", "--regid=60101", "--clear-groups", "sh", "-c", command);

    private JournalSource Source(SandboxJournal journal) => new(
        _data, new DeviceStatus(), TimeProvider.System, new LogRecord<JournalSource>(), journal.Program,
        new JournalMessages(
            name => Array.Find(Users, user => user.Name == name), id => Array.Find(Users, user => user.Id == id)));
}

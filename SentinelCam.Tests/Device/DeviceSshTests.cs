using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>What the helper writes when OpenSSH's server asks for a password.</summary>
public sealed class DeviceSshTests(DeviceSshTests.Server server) : IClassFixture<DeviceSshTests.Server>
{
    private const string Right = DeviceSandbox.Password;

    [Theory]
    [InlineData("password")]
    [InlineData("keyboard-interactive")]
    public async Task Three_wrong_passwords_in_one_connection_are_three_failures(string method)
    {
        var (sandbox, ssh) = await server.OpenAsync();

        var result = await ssh.SignInAsync("ann", "wrong", method);

        Assert.Equal(255, result.ExitCode);
        Assert.Equal(
            Enumerable.Repeat(("failed", "sshd", "ann", "", "127.0.0.1", "ssh"), 3),
            (await sandbox.EventsAsync()).Select(
                item => (item.Kind, item.Service, item.Name, item.RemoteUser, item.RemoteHost, item.Terminal)));
    }

    [Theory]
    [InlineData("nobody-here")]
    [InlineData("x rhost=9.9.9.9  user=root")]
    public async Task The_name_of_an_unknown_user_is_left_out_and_stays_in_its_field(string name)
    {
        var (sandbox, ssh) = await server.OpenAsync();

        await ssh.SignInAsync(name, "wrong");

        Assert.Equal(
            Enumerable.Repeat(("failed", "", "127.0.0.1"), 3),
            (await sandbox.EventsAsync()).Select(item => (item.Kind, item.Name, item.RemoteHost)));
    }

    [Fact]
    public async Task The_right_password_of_root_who_may_not_use_it_is_a_failure()
    {
        var (sandbox, ssh) = await server.OpenAsync();
        await sandbox.ShellAsync("usermod -p \"$(grep ^ann: /etc/shadow | cut -d: -f2)\" root");

        await ssh.SignInAsync("root", Right);

        Assert.All(await sandbox.EventsAsync(), item => Assert.Equal(("failed", "root"), (item.Kind, item.Name)));
        Assert.NotEmpty(await sandbox.EventsAsync());
    }

    [Fact]
    public async Task A_refused_key_and_a_hang_up_at_the_prompt_are_not_reported()
    {
        var (sandbox, ssh) = await server.OpenAsync();
        await sandbox.ShellAsync("mkdir -p ~/.ssh; rm -f /run/key*; ssh-keygen -q -t ed25519 -N '' -f /run/key");

        var key = await ssh.SignInAsync("ann", "", "publickey", "true");
        var hangUp = await ssh.HangUpAsync("ann");

        Assert.Equal((255, 255), (key.ExitCode, hangUp.ExitCode));
        Assert.Empty(await sandbox.EventsAsync());
    }

    [Fact]
    public async Task Sudo_inside_a_connection_carries_its_session()
    {
        var (sandbox, ssh) = await server.OpenAsync();

        var result = await ssh.SignInAsync(
            "ben", Right, command: $"cat /proc/self/sessionid; echo; printf '%s\\n' wrong '{Right}' | sudo -S -k true");

        Assert.Equal(0, result.ExitCode);
        var events = await sandbox.EventsAsync();
        Assert.Equal(
            [("accepted", "sshd"), ("failed", "sudo"), ("accepted", "sudo")], events.Select(item => (item.Kind, item.Service)));
        var session = result.Output.Split('\n')[0];
        Assert.Matches("^[0-9]+$", session);
        Assert.Equal([session, session], events.Skip(1).Select(item => item.Session));
    }

    /// <summary>A sandbox with a server.</summary>
    public sealed class Server : IDisposable
    {
        private readonly InstalledDevice _device = new();
        private SandboxSsh? _ssh;

        public async Task<(DeviceSandbox Sandbox, SandboxSsh Ssh)> OpenAsync()
        {
            var sandbox = await _device.OpenAsync();
            if (_ssh is null)
            {
                _ssh = new(sandbox);
                await _ssh.StartAsync();
            }

            return (sandbox, _ssh);
        }

        public void Dispose() => _device.Dispose();
    }
}

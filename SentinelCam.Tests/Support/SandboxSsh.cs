using System.Globalization;

namespace SentinelCam.Tests.Support;

/// <summary>OpenSSH's server in a sandbox, on loopback, with Debian's settings.</summary>
/// <param name="sandbox">The sandbox.</param>
public sealed class SandboxSsh(DeviceSandbox sandbox)
{
    private readonly string _port = FreePort.Take().ToString(CultureInfo.InvariantCulture);

    /// <summary>Starts the server.</summary>
    public async Task StartAsync() => await sandbox.StartServer($$"""
        mkdir -p /etc/ssh/tests && cd /etc/ssh/tests
        ssh-keygen -q -t ed25519 -N '' -f host
        printf '#!/bin/sh\nprintf "%%s\\n" "$PASSWORD"\n' >/run/askpass && chmod 755 /run/askpass
        printf '%s\n' 'Port {{_port}}' 'ListenAddress 127.0.0.1' 'HostKey /etc/ssh/tests/host' 'UsePAM yes' 'PidFile none' \
            'KbdInteractiveAuthentication yes' 'UseDNS no' >config
        exec /usr/sbin/sshd -D -e -f /etc/ssh/tests/config
        """).WaitForAsync("Server listening");

    /// <summary>Signs in over SSH, three times at most, and runs a command there.</summary>
    /// <param name="user">The user.</param>
    /// <param name="password">The password, the same each time.</param>
    /// <param name="methods">The methods to use, such as <c>password</c>.</param>
    /// <param name="command">The command.</param>
    public Task<SandboxResult> SignInAsync(string user, string password, string methods = "password", string command = "true") =>
        sandbox.RunAsync(null, "env",
            "SSH_ASKPASS_REQUIRE=force", "SSH_ASKPASS=/run/askpass", "PASSWORD=" + password,
            "ssh", "-F", "none", "-p", _port, "-l", user, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "PreferredAuthentications=" + methods, "127.0.0.1", command);

    /// <summary>Connects, waits for the prompt and hangs up.</summary>
    public Task<SandboxResult> HangUpAsync(string user) => sandbox.RunAsync(null, "env",
        "SSH_ASKPASS_REQUIRE=force", "SSH_ASKPASS=/bin/false",
        "ssh", "-F", "none", "-p", _port, "-l", user, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
        "-o", "PreferredAuthentications=password", "127.0.0.1", "true");
}

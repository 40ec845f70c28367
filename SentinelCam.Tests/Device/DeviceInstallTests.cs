using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>The commands <c>device install</c>, <c>status</c> and <c>remove</c>.</summary>
public sealed class DeviceInstallTests : IDisposable
{
    private const string Failed =
        "[default=ignore] pam_exec.so quiet quiet_log seteuid type=auth /usr/bin/timeout -k 1 2 /usr/libexec/sentinelcam/report failed";

    private const string Accepted =
        "[default=ignore] pam_exec.so quiet quiet_log seteuid type=auth /usr/bin/timeout -k 1 2 /usr/libexec/sentinelcam/report accepted";

    private readonly DeviceSandbox _sandbox = DeviceSandbox.Create();

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task Install_puts_lines_helper_and_spool_in_place_and_remove_leaves_PAM_byte_for_byte_as_it_was()
    {
        var before = await ContentAsync();

        var install = await _sandbox.SentinelCamAsync("device", "install");

        Assert.Equal("", install.Errors);
        Assert.Equal(0, install.ExitCode);
        Assert.Contains("read by sentinelcam", install.Output, StringComparison.Ordinal);
        Assert.Equal(
            ["[success=2 default=ignore] pam_unix.so nullok nodelay", Failed, "requisite pam_deny.so", "required pam_permit.so", Accepted],
            (await StackAsync()).Where(line => !line.Contains("pam_cap", StringComparison.Ordinal)));
        Assert.Equal(
            "755 root:root /usr/libexec/sentinelcam/report\n3733 sentinelcam:sentinelcam /var/spool/sentinelcam\n",
            await _sandbox.ShellAsync("stat -c '%a %U:%G %n' /usr/libexec/sentinelcam/report /var/spool/sentinelcam"));
        var installed = await ContentAsync();

        var again = await _sandbox.SentinelCamAsync("device", "install");

        Assert.Equal(0, again.ExitCode);
        Assert.Equal(installed, await ContentAsync());
        Assert.Equal(0, (await _sandbox.SentinelCamAsync("device", "status")).ExitCode);

        var remove = await _sandbox.SentinelCamAsync("device", "remove");

        Assert.Equal("", remove.Errors);
        Assert.Equal(0, remove.ExitCode);
        Assert.Equal(before, await ContentAsync());
        Assert.Equal("", await _sandbox.ShellAsync("ls -d /usr/libexec/sentinelcam* /var/spool/sentinelcam* 2>/dev/null || true"));
    }

    /// <summary>All files of PAM, its profiles and its state, with modes and owners.</summary>
    private Task<string> ContentAsync() => _sandbox.ShellAsync(
        "cd / && find etc/pam.d usr/share/pam-configs var/lib/pam -type f | sort | while read -r f; do stat -c '%n %a %U' $f; sha256sum <$f; done");

    /// <summary>The lines of common-auth, without comments, the word "auth" and doubled blanks.</summary>
    private async Task<IReadOnlyList<string>> StackAsync() =>
    [
        .. (await _sandbox.ShellAsync("grep ^auth /etc/pam.d/common-auth")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => string.Join(' ', line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1..]))
    ];
}

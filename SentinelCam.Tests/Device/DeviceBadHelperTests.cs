using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>A helper that does not do what it should must not change who gets in, and must not keep anybody waiting.</summary>
public sealed class DeviceBadHelperTests(InstalledDevice device) : IClassFixture<InstalledDevice>
{
    private const string Helper = "/usr/libexec/sentinelcam/report";

    /// <summary>The lines end a helper after two seconds, by force one second later. The rest is for a busy machine.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(3 + 10);

    [Theory]
    [InlineData("missing", "rm $helper")]
    [InlineData("not executable", "chmod 644 $helper")]
    [InlineData("exits with an error", "printf '#!/bin/sh\nexit 3\n' >$helper")]
    [InlineData("no program", "printf 'nonsense' >$helper")]
    [InlineData("crashes", "printf '#!/bin/sh\nkill -SEGV $$\n' >$helper")]
    [InlineData("prints", "printf '#!/bin/sh\nyes | head -c 300000; yes | head -c 300000 >&2\n' >$helper")]
    [InlineData("reads", "printf '#!/bin/sh\ncat\n' >$helper")]
    [InlineData("hangs", "printf '#!/bin/sh\nexec sleep 600\n' >$helper")]
    [InlineData("ignores TERM", "printf '#!/bin/sh\ntrap : TERM\nwhile :; do sleep 600; done\n' >$helper")]
    public async Task A_right_password_works_and_a_wrong_one_is_refused_in_time_although_the_helper(string fault, string breakIt)
    {
        var sandbox = await device.OpenAsync();
        await sandbox.ShellAsync($"helper={Helper}; cp -a $helper /run/whole; {breakIt}");
        try
        {
            var both = await Task.WhenAll(SuAsync(sandbox, "wrong"), SuAsync(sandbox, DeviceSandbox.Password));

            Assert.Equal([(1, ""), (0, "ann\n")], both.Select(result => (result.ExitCode, result.Output)));
            Assert.All(both, result => Assert.True(result.Duration < LongestWait, $"{fault}: {result}"));
        }
        finally
        {
            await sandbox.ShellAsync($"cp -a --remove-destination /run/whole {Helper}");
        }
    }

    [Fact]
    public async Task The_line_alone_lets_nobody_in_where_another_control_would()
    {
        var sandbox = await device.OpenAsync();
        await sandbox.ShellAsync("cp -a /etc/pam.d/su /run/su");
        try
        {
            var isLetIn = new List<bool>();
            foreach (var control in new[] { "[default=ignore]", "optional", "sufficient" })
            {
                await sandbox.ShellAsync(
                    $"printf '%s\\n' 'auth {control} pam_exec.so quiet quiet_log seteuid {Helper} failed' " +
                    "'account required pam_permit.so' 'session required pam_permit.so' >/etc/pam.d/su");
                // With nothing but this line, su fails one step after PAM let somebody in
                var result = await SuAsync(sandbox, "wrong");
                isLetIn.Add(
                    result.ExitCode == 0 || result.Errors.Contains("failed to establish user cred", StringComparison.Ordinal));
            }

            Assert.Equal([false, true, true], isLetIn);
        }
        finally
        {
            await sandbox.ShellAsync("cp -a /run/su /etc/pam.d/su");
        }
    }

    private static Task<SandboxResult> SuAsync(DeviceSandbox sandbox, string password) =>
        sandbox.RunAsync(password + "\n", "runuser", "-u", "ben", "--", "su", "ann", "-c", "id -un");
}

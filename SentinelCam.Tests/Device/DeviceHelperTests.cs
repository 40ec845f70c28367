using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>The helper that PAM runs, run directly with PAM's variables.</summary>
public sealed class DeviceHelperTests(InstalledDevice device) : IClassFixture<InstalledDevice>
{
    private const string Helper = "/usr/libexec/sentinelcam/report";

    [Fact]
    public async Task Only_the_check_of_a_password_is_reported()
    {
        var sandbox = await device.OpenAsync();

        foreach (var type in new[] { "account", "open_session", "" })
            await HelpAsync(sandbox, "failed", ("PAM_TYPE", type), ("PAM_USER", "ann"));
        await HelpAsync(sandbox, "something", ("PAM_USER", "ann"));

        Assert.Empty(await sandbox.EventsAsync());
    }

    [Fact]
    public async Task Fields_stay_apart_and_one_of_more_than_256_bytes_is_left_out()
    {
        var sandbox = await device.OpenAsync();
        var longest = string.Concat(Enumerable.Repeat("é", 128));
        const string Commands = "$(touch /run/touched) `touch /run/touched` %s";

        await HelpAsync(
            sandbox, "failed", ("PAM_SERVICE", "a\nb\\c"), ("PAM_USER", "ann"), ("PAM_RUSER", longest),
            ("PAM_RHOST", longest + "x"), ("PAM_TTY", Commands));

        var written = Assert.Single(await sandbox.EventsAsync());
        Assert.Equal(["1", "failed", "a\nb\\c", "ann", longest, "", Commands, "", "end"], written.Fields);
        await sandbox.ShellAsync("test ! -e /run/touched");
    }

    [Theory]
    [InlineData("ann", "ann")]
    [InlineData("nobody-here", "")]
    // User ids, parts of a line and patterns are no names
    [InlineData("60101", "")]
    [InlineData("ann:x", "")]
    [InlineData("x", "")]
    [InlineData("an*", "")]
    [InlineData("ann\nben", "")]
    [InlineData("-s", "")]
    [InlineData("", "")]
    public async Task Only_the_name_of_a_user_is_written(string typed, string name)
    {
        var sandbox = await device.OpenAsync();

        await HelpAsync(sandbox, "failed", ("PAM_USER", typed));

        Assert.Equal(name, Assert.Single(await sandbox.EventsAsync()).Name);
    }

    [Fact]
    public async Task Users_of_a_directory_service_are_known_unless_it_does_not_answer()
    {
        var sandbox = await device.OpenAsync();
        await sandbox.ShellAsync("""
            cat >/run/getent <<'END'
            #!/bin/sh
            [ "$*" = "passwd -- Carla" ] && echo "carla:*:70001:70001::/home/carla:/bin/sh" || exec sleep 600
            END
            chmod 755 /run/getent && mount --bind /run/getent /usr/bin/getent
            """);
        try
        {
            await HelpAsync(sandbox, "failed", ("PAM_USER", "Carla"));
            var slow = await HelpAsync(sandbox, "failed", ("PAM_USER", "nobody-here"));

            // The name as the service writes it
            Assert.Equal(["carla", ""], (await sandbox.EventsAsync()).Select(item => item.Name));
            Assert.InRange(slow.Duration, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20));
        }
        finally
        {
            await sandbox.ShellAsync("umount /usr/bin/getent");
        }
    }

    [Fact]
    public async Task The_environment_of_a_user_changes_nothing()
    {
        var sandbox = await device.OpenAsync();
        await sandbox.ShellAsync("""
            mkdir -p /run/evil && cd /run/evil
            for program in mv rm cat timeout getent; do
                printf '#!/bin/sh\ntouch /run/evil/ran\n' >$program
                chmod 755 $program
            done
            """);

        await HelpAsync(
            sandbox, "failed", ("PAM_USER", "ann"), ("PATH", "/run/evil"), ("IFS", "a1"), ("ENV", "/run/evil/mv"),
            ("BASH_ENV", "/run/evil/mv"), ("LC_ALL", "tr_TR.UTF-8"), ("spool", "/run/evil"));

        Assert.Equal("ann", Assert.Single(await sandbox.EventsAsync()).Name);
        await sandbox.ShellAsync("test ! -e /run/evil/ran");
    }

    [Fact]
    public async Task A_missing_or_closed_spool_is_no_error()
    {
        var sandbox = await device.OpenAsync();

        var output = await sandbox.ShellAsync($"""
            mkdir /run/away && mv {DeviceSandbox.Spool} {DeviceSandbox.RootSpool} /run/away
            PAM_TYPE=auth PAM_USER=ann {Helper} failed 2>&1
            echo $?
            mv /run/away/* /var/spool && rmdir /run/away
            chmod 700 {DeviceSandbox.Spool}
            runuser -u ben -- env PAM_TYPE=auth PAM_USER=ben {Helper} failed 2>&1
            echo $?
            chmod 3733 {DeviceSandbox.Spool}
            """);

        Assert.Equal("0\n0\n", output);
        Assert.Empty(await sandbox.EventsAsync());
    }

    [Fact]
    public async Task A_spool_that_nobody_reads_does_not_grow_without_limit()
    {
        var sandbox = await device.OpenAsync();
        await sandbox.ShellAsync($"cd {DeviceSandbox.RootSpool} && seq -f 'x%.0f' 4095 | xargs touch");

        await HelpAsync(sandbox, "failed", ("PAM_USER", "ann"));
        await HelpAsync(sandbox, "failed", ("PAM_USER", "ben"));

        Assert.Equal("4096\n", await sandbox.ShellAsync($"ls -A {DeviceSandbox.RootSpool} | wc -l"));
    }

    [Fact]
    public async Task Users_who_fill_the_spool_keep_the_helper_of_root_from_nothing()
    {
        var sandbox = await device.OpenAsync();
        // SentinelCam cannot remove another user's directory with something in it
        await sandbox.ShellAsync($"cd {DeviceSandbox.Spool} && seq -f 'x%.0f/y' 4200 | runuser -u ben -- xargs mkdir -p");

        await HelpAsync(sandbox, "failed", ("PAM_USER", "ann"));

        Assert.Single(await sandbox.EventsAsync());
    }

    [Fact]
    public async Task Users_can_neither_list_nor_remove_the_events_of_others_and_SentinelCam_can()
    {
        var sandbox = await device.OpenAsync();
        await HelpAsync(sandbox, "failed", ("PAM_USER", "ann"));
        var file = (await sandbox.ShellAsync($"echo {DeviceSandbox.RootSpool}/*")).Trim();

        string[] commands =
        [
            "ls " + DeviceSandbox.Spool, "ls " + DeviceSandbox.RootSpool, "cat " + file, "rm -f " + file, $"mv {file} /run/x",
        ];
        foreach (var command in commands)
            Assert.NotEqual(0, (await sandbox.RunAsync(null, "runuser", "-u", "ben", "--", "sh", "-c", command)).ExitCode);

        Assert.Single(await sandbox.EventsAsync());
        await sandbox.ShellAsync($"runuser -u sentinelcam -- sh -c 'cat {file} && rm {file}'");
    }

    private static async Task<SandboxResult> HelpAsync(
        DeviceSandbox sandbox, string kind, params (string Name, string Value)[] variables)
    {
        var result = await sandbox.RunAsync(
            null, "/usr/bin/env",
            ["PAM_TYPE=auth", .. variables.Select(variable => $"{variable.Name}={variable.Value}"), Helper, kind]);
        Assert.Equal((0, "", ""), (result.ExitCode, result.Output, result.Errors));
        return result;
    }
}

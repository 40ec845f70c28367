using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>The commands <c>device install</c>, <c>status</c> and <c>remove</c>.</summary>
public sealed class DeviceInstallTests : IDisposable
{
    private const string Line = "[default=ignore] pam_exec.so quiet quiet_log seteuid type=auth "
        + "/usr/bin/timeout -k 1 2 /usr/libexec/sentinelcam/report";

    private const string Failed = Line + " failed";
    private const string Accepted = Line + " accepted";

    private const string Leftovers = "find /usr/libexec /var/spool /usr/share/pam-configs -name 'sentinelcam*'";

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
            [
                "[success=2 default=ignore] pam_unix.so nullok nodelay",
                Failed,
                "requisite pam_deny.so",
                "required pam_permit.so",
                Accepted,
            ],
            (await StackAsync()).Where(line => !line.Contains("pam_cap", StringComparison.Ordinal)));
        Assert.Equal(
            "755 root:root /usr/libexec/sentinelcam/report\n3733 sentinelcam:sentinelcam /var/spool/sentinelcam\n"
                + "2700 sentinelcam:sentinelcam /var/spool/sentinelcam-root\n",
            await _sandbox.ShellAsync("stat -c '%a %U:%G %n' /usr/libexec/sentinelcam/report /var/spool/sentinelcam*"));
        var installed = await ContentAsync();

        var again = await _sandbox.SentinelCamAsync("device", "install");

        Assert.Equal(0, again.ExitCode);
        Assert.Equal(installed, await ContentAsync());
        Assert.Equal(0, (await _sandbox.SentinelCamAsync("device", "status")).ExitCode);

        var remove = await _sandbox.SentinelCamAsync("device", "remove");

        Assert.Equal("", remove.Errors);
        Assert.Equal(0, remove.ExitCode);
        Assert.Equal(before, await ContentAsync());
        Assert.Equal("", await _sandbox.ShellAsync(Leftovers));
    }

    [Fact]
    public async Task A_locally_edited_block_is_refused_with_a_message_and_stays_as_it_is()
    {
        await _sandbox.ShellAsync("sed -i '/^# here.s the fallback/i auth optional pam_echo.so' /etc/pam.d/common-auth");
        var before = await ContentAsync();

        var install = await _sandbox.SentinelCamAsync("device", "install");

        Assert.Equal(1, install.ExitCode);
        Assert.Contains("edited by hand", install.Errors, StringComparison.Ordinal);
        Assert.Contains("pam-auth-update --force", install.Errors, StringComparison.Ordinal);
        Assert.Contains("auth " + Failed, install.Errors, StringComparison.Ordinal);
        Assert.Equal(before, await ContentAsync());
        Assert.Equal(1, (await _sandbox.SentinelCamAsync("device", "status")).ExitCode);

        // As the message says
        await _sandbox.ShellAsync(
            $"sed -i 's/success=1/success=2/; /^# here.s the fallback/i auth {Failed}' /etc/pam.d/common-auth");

        Assert.Equal(0, (await _sandbox.SentinelCamAsync("device", "install")).ExitCode);
        Assert.Equal(0, (await _sandbox.SentinelCamAsync("device", "status")).ExitCode);
    }

    [Fact]
    public async Task A_block_edited_after_the_installation_keeps_everything_until_the_lines_are_taken_out()
    {
        Assert.Equal(0, (await _sandbox.SentinelCamAsync("device", "install")).ExitCode);
        await _sandbox.ShellAsync("sed -i '/^# here.s the fallback/i auth optional pam_echo.so' /etc/pam.d/common-auth");
        var before = await ContentAsync();

        var refused = await _sandbox.SentinelCamAsync("device", "remove");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("/etc/pam.d/common-auth: auth", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, await ContentAsync());
        await _sandbox.ShellAsync("test -x /usr/libexec/sentinelcam/report");

        await _sandbox.ShellAsync("sed -i '/sentinelcam/d; s/success=2/success=1/' /etc/pam.d/common-auth");

        Assert.Equal(0, (await _sandbox.SentinelCamAsync("device", "remove")).ExitCode);
        Assert.Equal("", await _sandbox.ShellAsync(Leftovers));
    }

    [Fact]
    public async Task Without_pam_auth_update_the_lines_are_printed_and_work_when_added_by_hand()
    {
        await _sandbox.ShellAsync("rm -r /usr/share/pam-configs");

        var install = await _sandbox.SentinelCamAsync("device", "install");

        Assert.Equal(1, install.ExitCode);
        Assert.Equal(["    auth " + Failed, "    auth " + Accepted], install.Errors.TrimEnd().Split('\n')[^2..]);

        // The files of Arch and Fedora, with the lines where the operator's guide puts them
        await _sandbox.ShellAsync($"""
            cat >/etc/pam.d/arch <<'END'
            auth required pam_faillock.so preauth
            auth [success=2 default=bad] pam_unix.so try_first_pass nullok nodelay
            auth {Failed}
            auth [default=die] pam_faillock.so authfail
            auth optional pam_permit.so
            auth required pam_env.so
            auth required pam_faillock.so authsucc
            auth {Accepted}
            account required pam_permit.so
            session required pam_permit.so
            END
            cat >/etc/pam.d/fedora <<'END'
            auth required pam_env.so
            auth sufficient pam_unix.so nullok nodelay
            auth {Failed}
            auth required pam_deny.so
            account required pam_permit.so
            session required pam_permit.so
            END
            """);
        foreach (var (system, kinds) in new[] { ("arch", new[] { "failed", "accepted" }), ("fedora", ["failed"]) })
        {
            await _sandbox.ShellAsync($"cp /etc/pam.d/{system} /etc/pam.d/su");
            var wrong = await _sandbox.RunAsync("wrong\n", "runuser", "-u", "ben", "--", "su", "ann", "-c", "true");
            var right = await _sandbox.RunAsync(
                DeviceSandbox.Password + "\n", "runuser", "-u", "ben", "--", "su", "ann", "-c", "true");

            Assert.Equal((1, 0), (wrong.ExitCode, right.ExitCode));
            Assert.Equal(kinds, (await _sandbox.TakeEventsAsync()).Select(item => item.Kind));
        }

        var remove = await _sandbox.SentinelCamAsync("device", "remove");

        Assert.Equal(1, remove.ExitCode);
        Assert.Contains("added by hand", remove.Errors, StringComparison.Ordinal);

        await _sandbox.ShellAsync("rm /etc/pam.d/arch /etc/pam.d/fedora /etc/pam.d/su");

        Assert.Equal(0, (await _sandbox.SentinelCamAsync("device", "remove")).ExitCode);
    }

    [Fact]
    public async Task Profiles_together_with_faillock_and_sss_stand_behind_all_passwords_and_before_faillock()
    {
        await _sandbox.ShellAsync("""
            cd /usr/share/pam-configs
            cat >sss <<'END'
            Name: SSS authentication
            Default: yes
            Priority: 128
            Auth-Type: Primary
            Auth:
            	[success=end default=ignore]	pam_sss.so use_first_pass
            END
            cat >faillock-notify <<'END'
            Name: Notify that failed logins are counted
            Default: yes
            Priority: 1024
            Auth-Type: Primary
            Auth:
            	requisite	pam_faillock.so preauth deny=3 nodelay
            END
            cat >faillock <<'END'
            Name: Count failed logins
            Default: yes
            Priority: 0
            Auth-Type: Primary
            Auth:
            	[default=die]	pam_faillock.so authfail deny=3 nodelay
            END
            DEBIAN_FRONTEND=noninteractive pam-auth-update --package --enable sss faillock faillock-notify
            """);

        Assert.Equal(0, (await _sandbox.SentinelCamAsync("device", "install")).ExitCode);

        Assert.Equal(
            [
                "requisite pam_faillock.so preauth deny=3 nodelay",
                "[success=4 default=ignore] pam_unix.so nullok try_first_pass nodelay",
                "[success=3 default=ignore] pam_sss.so use_first_pass",
                Failed,
                "[default=die] pam_faillock.so authfail deny=3 nodelay",
                "requisite pam_deny.so",
                "required pam_permit.so",
                Accepted,
            ],
            (await StackAsync()).Where(line => !line.Contains("pam_cap", StringComparison.Ordinal)));

        // The fourth is not asked for: faillock has locked the account
        for (var i = 0; i < 4; i++)
            await _sandbox.RunAsync("wrong\n", "runuser", "-u", "ben", "--", "su", "ann", "-c", "true");
        Assert.Equal(["failed", "failed", "failed"], (await _sandbox.TakeEventsAsync()).Select(item => item.Kind));
        await _sandbox.ShellAsync("faillock --user ann --reset");
        Assert.Equal(0, (await _sandbox.RunAsync(
            DeviceSandbox.Password + "\n", "runuser", "-u", "ben", "--", "su", "ann", "-c", "true")).ExitCode);
    }

    [Fact]
    public async Task Only_root_can_install_and_remove_and_the_message_is_one_line()
    {
        foreach (var command in new[] { "install", "remove" })
        {
            var result = await _sandbox.RunAsync(
                null, "runuser", "-u", "ben", "--",
                "dotnet", Path.Combine(AppContext.BaseDirectory, "SentinelCam.dll"), "device", command);

            Assert.Equal((1, $"Only root can {command}: sudo SentinelCam device {command}\n"), (result.ExitCode, result.Errors));
        }
    }

    [Fact]
    public async Task The_spool_belongs_to_the_named_user_or_to_the_owner_of_the_data_directory()
    {
        await _sandbox.ShellAsync("mkdir /home/ann/data && chown ann /home/ann/data");

        var owner = await _sandbox.SentinelCamAsync("device", "install", "--DataDirectory=/home/ann/data");
        var status = await _sandbox.SentinelCamAsync("device", "status");
        var named = await _sandbox.SentinelCamAsync("device", "install", "--user", "ben", "--DataDirectory=/home/ann/data");
        var unknown = await _sandbox.SentinelCamAsync("device", "install", "--user", "nobody-here");

        Assert.Contains("read by ann (owner of /home/ann/data)", owner.Output, StringComparison.Ordinal);
        // Without the setting, the site is expected to run as sentinelcam
        Assert.Equal(1, status.ExitCode);
        Assert.Contains("is read by ann, but the site runs as sentinelcam", status.Output, StringComparison.Ordinal);
        Assert.Contains("read by ben (--user)", named.Output, StringComparison.Ordinal);
        Assert.Equal("ben ben 3733\nben ben 2700\n", await _sandbox.ShellAsync(
            $"stat -c '%U %G %a' {DeviceSandbox.Spool} {DeviceSandbox.RootSpool}"));
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("was not found", unknown.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_that_could_let_anybody_in_is_reported()
    {
        Assert.Equal(0, (await _sandbox.SentinelCamAsync("device", "install")).ExitCode);
        await _sandbox.ShellAsync($"echo 'auth {Failed}' | sed 's/.default=ignore./optional/' >/etc/pam.d/su");

        var status = await _sandbox.SentinelCamAsync("device", "status");

        Assert.Equal(1, status.ExitCode);
        Assert.Contains("/etc/pam.d/su has a line that can let anybody in", status.Output, StringComparison.Ordinal);
    }

    /// <summary>All files of PAM, its profiles and its state, with modes and owners.</summary>
    private Task<string> ContentAsync() => _sandbox.ShellAsync("""
        files=$(find /etc/pam.d /usr/share/pam-configs /var/lib/pam -type f | sort)
        stat -c '%n %a %U' $files
        sha256sum $files
        """);

    /// <summary>The lines of common-auth, without comments, the word "auth" and doubled blanks.</summary>
    private async Task<IReadOnlyList<string>> StackAsync() =>
    [
        .. (await _sandbox.ShellAsync("grep ^auth /etc/pam.d/common-auth")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => string.Join(' ', line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1..]))
    ];
}

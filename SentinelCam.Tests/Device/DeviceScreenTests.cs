using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>What the helper writes at a screen lock and at a log-in screen.</summary>
public sealed class DeviceScreenTests(InstalledDevice device) : IClassFixture<InstalledDevice>
{
    [Fact]
    public async Task Two_wrong_passwords_and_the_right_one_at_i3lock_are_reported_as_its_user()
    {
        var sandbox = await device.OpenAsync();
        var screen = await SandboxScreen.StartAsync(sandbox);
        await screen.LockAsync("ben");

        foreach (var (count, password) in new[] { (1, "wrong"), (2, "wrong too"), (3, DeviceSandbox.Password) })
        {
            await screen.TypeAsync(password);
            await Eventually.TrueAsync(async () => (await sandbox.EventsAsync()).Count == count, text: $"event {count}");
        }

        Assert.Equal(
            [("failed", "i3lock", "ben"), ("failed", "i3lock", "ben"), ("accepted", "i3lock", "ben")],
            (await sandbox.EventsAsync()).Select(item => (item.Kind, item.Service, item.Name)));
        // A screen lock has no rights of its own, so SentinelCam must not believe its events about others
        Assert.All(await sandbox.EventsAsync(), item => Assert.Equal(("ben", screen.Display), (item.Owner, item.Terminal)));
        Assert.Equal("sentinelcam\n", await sandbox.ShellAsync($"stat -c %G {DeviceSandbox.Spool}/* | sort -u"));
    }

    [Fact]
    public async Task Two_wrong_passwords_and_the_right_one_at_lightdm_are_reported_as_root()
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/lightdm"), "lightdm is not installed");
        var sandbox = await device.OpenAsync();
        var display = 1000 + (Environment.ProcessId % 50000);
        var lightdm = sandbox.StartServer($$"""
            cat >/etc/lightdm/x-server <<'END'
            #!/bin/sh
            while [ $# -gt 0 ]; do
                case $1 in
                :*) display=$1 ;;
                -auth) key=$2 ;;
                esac
                shift
            done
            exec Xvfb "$display" -auth "$key" -screen 0 640x480x24 -nolisten tcp -noreset
            END
            chmod 755 /etc/lightdm/x-server
            printf '%s\n' '[LightDM]' minimum-display-number={{display}} '[Seat:*]' greeter-hide-users=true \
                xserver-command=/etc/lightdm/x-server >/etc/lightdm/lightdm.conf
            dbus-daemon --system --fork --nopidfile --print-address
            exec lightdm --debug
            """);
        var screen = new SandboxScreen(sandbox, $":{display}", $"/run/lightdm/root/:{display}");

        string[] answers = ["ann", "wrong", "wrong too", DeviceSandbox.Password];
        for (var turn = 1; turn <= answers.Length; turn++)
        {
            await lightdm.WaitForAsync("Prompt greeter", turn);
            // The greeter shows the prompt a moment later, and drops what was typed before
            do
                await screen.TypeAsync(answers[turn - 1], replace: true);
            while (!await (turn == 1
                ? lightdm.SaysAsync("Greeter start authentication for ann", 1)
                : lightdm.SaysAsync("Continue authentication", turn - 1)));
        }

        await lightdm.WaitForAsync("Greeter stopped, running session");
        var events = await sandbox.EventsAsync();
        Assert.Equal(["failed", "failed", "accepted"], events.Select(item => item.Kind));
        Assert.All(events, item => Assert.Equal(
            ("lightdm", "ann", "root", screen.Display), (item.Service, item.Name, item.Owner, item.Terminal)));
    }
}

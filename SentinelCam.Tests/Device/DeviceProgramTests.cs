using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>What the helper writes when real programs ask for a password.</summary>
public sealed class DeviceProgramTests(InstalledDevice device) : IClassFixture<InstalledDevice>
{
    private const string Right = DeviceSandbox.Password;

    [Fact]
    public async Task A_wrong_password_at_su_is_one_failure_with_caller_and_target()
    {
        var sandbox = await device.OpenAsync();

        var result = await sandbox.TalkAsync("ben", [("Password:", "wrong")], "su", "ann", "-c", "true");

        Assert.Equal(1, result.ExitCode);
        var failure = Assert.Single(await sandbox.EventsAsync());
        Assert.Equal(
            ("failed", "su", "ann", "ben", ""),
            (failure.Kind, failure.Service, failure.Name, failure.RemoteUser, failure.RemoteHost));
        Assert.StartsWith("/dev/pts/", failure.Terminal, StringComparison.Ordinal);
        // So that SentinelCam can believe it, and nobody else can read it
        Assert.Equal(("root", "640"), (failure.Owner, failure.Mode));
    }

    [Fact]
    public async Task A_right_password_at_su_is_accepted_and_an_unknown_user_is_not_reported()
    {
        var sandbox = await device.OpenAsync();

        var right = await sandbox.RunAsync(Right + "\n", "runuser", "-u", "ben", "--", "su", "ann", "-c", "id -un");
        var unknown = await sandbox.RunAsync("wrong\n", "runuser", "-u", "ben", "--", "su", "nobody-here", "-c", "true");

        Assert.Equal("ann\n", right.Output);
        Assert.Equal(1, unknown.ExitCode);
        var accepted = Assert.Single(await sandbox.EventsAsync());
        Assert.Equal(("accepted", "su", "ann", "ben"), (accepted.Kind, accepted.Service, accepted.Name, accepted.RemoteUser));
    }

    [Fact]
    public async Task Three_wrong_passwords_at_sudo_are_three_failures()
    {
        var sandbox = await device.OpenAsync();

        var result = await SudoAsync(sandbox, "-S", "wrong", "wrong too", "and again");

        Assert.Equal(1, result.ExitCode);
        Assert.Equal(
            Enumerable.Repeat(("failed", "sudo", "ben", "ben"), 3),
            (await sandbox.EventsAsync()).Select(item => (item.Kind, item.Service, item.Name, item.RemoteUser)));
    }

    [Fact]
    public async Task A_wrong_and_a_right_password_at_sudo_are_a_failure_and_an_accepted_one()
    {
        var sandbox = await device.OpenAsync();

        var result = await SudoAsync(sandbox, "-S", "wrong", Right);

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["failed", "accepted"], (await sandbox.EventsAsync()).Select(item => item.Kind));
    }

    [Fact]
    public async Task Sudo_that_may_not_ask_reports_nothing()
    {
        var sandbox = await device.OpenAsync();

        var result = await SudoAsync(sandbox, "-n");

        Assert.Equal(1, result.ExitCode);
        Assert.Empty(await sandbox.EventsAsync());
    }

    [Fact]
    public async Task A_password_typed_as_the_name_at_login_is_in_no_file()
    {
        var sandbox = await device.OpenAsync();

        var result = await sandbox.TalkAsync(
            "root",
            [
                ("login: ", Right), ("Password: ", "ann"),
                ("login: ", "ann"), ("Password: ", Right),
                ("$ ", "id -un; exit"),
            ],
            "login");

        Assert.Contains("\nann\r\n", result.Output, StringComparison.Ordinal);
        var events = await sandbox.EventsAsync();
        Assert.Equal(
            [("failed", "login", ""), ("accepted", "login", "ann")],
            events.Select(item => (item.Kind, item.Service, item.Name)));
        Assert.DoesNotContain(events, item => item.Fields.Any(field => field.Contains("horse", StringComparison.Ordinal)));
        Assert.All(events, item => Assert.StartsWith("/dev/pts/", item.Terminal, StringComparison.Ordinal));
    }

    private static Task<SandboxResult> SudoAsync(DeviceSandbox sandbox, string option, params string[] passwords) =>
        sandbox.RunAsync(
            string.Concat(passwords.Select(password => password + "\n")),
            "runuser", "-u", "ben", "--", "sudo", option, "-k", "true");
}

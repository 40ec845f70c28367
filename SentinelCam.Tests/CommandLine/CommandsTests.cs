using SentinelCam.CommandLine;
using SentinelCam.Configuration;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.CommandLine;

public class CommandsTests
{
    [Theory]
    [InlineData(true, "device")]
    [InlineData(true, "device", "install", "--user", "ann")]
    [InlineData(true, "--help")]
    [InlineData(true, "--version")]
    [InlineData(true, "unknown")]
    [InlineData(true, "--verison")]
    [InlineData(true, "--Urls")]
    [InlineData(true, "--Urls=http://localhost:5001", "check")]
    [InlineData(true, "run", "--help")]
    [InlineData(true, "run", "fast")]
    [InlineData(false, "run")]
    [InlineData(false, "run", "--Urls=http://localhost:5001", "--DataDirectory", "/srv/data")]
    [InlineData(false)]
    [InlineData(false, "--Urls=http://localhost:5001")]
    [InlineData(false, "--Urls", "http://localhost:5001")]
    [InlineData(false, "/Urls=http://localhost:5001")]
    [InlineData(false, "Urls=http://localhost:5001")]
    [InlineData(false, "--environment=Development", "--contentRoot=/srv", "--applicationName=SentinelCam")]
    public void Settings_start_the_site_and_words_are_commands(bool isCommand, params string[] args) =>
        Assert.Equal(isCommand ? null : args.Where(arg => arg != "run"), Commands.SettingsOfSite(args));

    [Theory]
    [InlineData("\"unknown\" is not a command or option.", "unknown")]
    [InlineData("\"instal\" is not a command or option.", "device", "instal")]
    [InlineData("\"--force\" is not a command or option.", "device", "remove", "--force")]
    [InlineData("Required command was not provided.", "device")]
    [InlineData("\"fast\" is not a command or option.", "run", "fast")]
    [InlineData("\"--verison\" is not a command or option.", "--verison")]
    [InlineData("\"now\" is not a command or option.", "check", "now")]
    [InlineData("Required argument 'ADDRESS' missing for command: 'reset-password'.", "account", "reset-password")]
    [InlineData("\"secret\" is not a command or option.", "account", "reset-password", "ann@example.org", "secret")]
    [InlineData("Required argument missing for option: '--user'.", "device", "install", "--user")]
    public async Task Wrong_use_is_one_line_and_exit_code_2(string problem, params string[] args)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the commands are for Linux");

        var run = await CommandRun.OfAsync(args);

        Assert.Equal((2, "", $"{problem} See SentinelCam --help.{Environment.NewLine}"),
            (run.ExitCode, run.Output, run.Errors));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("device", "--help")]
    public async Task Help_names_the_commands(params string[] args)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the commands are for Linux");

        var run = await CommandRun.OfAsync(args);

        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Contains(args.Length == 1 ? "device" : "install", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_is_that_of_the_program() =>
        Assert.Equal(new CommandRun(0, ProductVersion.Text + Environment.NewLine, ""), await CommandRun.OfAsync("--version"));

    [Fact]
    public async Task Run_starts_the_site_with_its_settings()
    {
        var directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
        using (var process = CommandRun.Start(
            null, [("Device:Source", "None")], "run", "--Urls=http://127.0.0.1:0", "--DataDirectory", directory))
        {
            await Eventually.TrueAsync(() => File.Exists(Path.Combine(directory, "sentinelcam.db")));
            string? line;
            do
                line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            while (line?.Contains("Now listening on", StringComparison.Ordinal) is false);
            Assert.NotNull(line);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Directory.Delete(directory, recursive: true);
    }
}

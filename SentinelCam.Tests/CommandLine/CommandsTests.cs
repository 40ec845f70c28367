using System.Diagnostics;
using SentinelCam.CommandLine;

namespace SentinelCam.Tests.CommandLine;

public class CommandsTests
{
    [Theory]
    [InlineData(true, "device")]
    [InlineData(true, "device", "install", "--user", "ann")]
    [InlineData(true, "--help")]
    [InlineData(true, "--version")]
    [InlineData(true, "unknown")]
    [InlineData(false)]
    [InlineData(false, "--Urls=http://localhost:5001")]
    [InlineData(false, "--Urls", "http://localhost:5001")]
    [InlineData(false, "/Urls=http://localhost:5001")]
    [InlineData(false, "Urls=http://localhost:5001")]
    [InlineData(false, "--environment=Development", "--contentRoot=/srv", "--applicationName=SentinelCam")]
    public void Settings_start_the_site_and_words_are_commands(bool isCommand, params string[] args) =>
        Assert.Equal(isCommand, Commands.AreIn(args));

    [Theory]
    [InlineData("\"unknown\" is not a command or option.", "unknown")]
    [InlineData("\"instal\" is not a command or option.", "device", "instal")]
    [InlineData("\"--force\" is not a command or option.", "device", "remove", "--force")]
    [InlineData("Required command was not provided.", "device")]
    [InlineData("Required argument missing for option: '--user'.", "device", "install", "--user")]
    public async Task Wrong_use_is_one_line_and_exit_code_2(string problem, params string[] args)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the commands are for Linux");

        var (exitCode, output, errors) = await RunAsync(args);

        Assert.Equal((2, "", $"{problem} See SentinelCam --help.{Environment.NewLine}"), (exitCode, output, errors));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("device", "--help")]
    public async Task Help_names_the_commands(params string[] args)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the commands are for Linux");

        var (exitCode, output, errors) = await RunAsync(args);

        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Contains(args.Length == 1 ? "device" : "install", output, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string[] args)
    {
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "SentinelCam.dll"), .. args])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, errors);
    }
}

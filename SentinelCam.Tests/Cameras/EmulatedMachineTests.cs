using System.Diagnostics;
using System.Text.RegularExpressions;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

public class EmulatedMachineTests
{
    /// <summary>Takes some minutes, and unpacks a kernel: see <c>v4l2/boot</c>.</summary>
    [Fact(Explicit = true)]
    public async Task Camera_devices_of_a_real_driver_work()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs Debian, and root");
        var start = new ProcessStartInfo(
            Path.Combine(SourceTree.Root, "SentinelCam.Tests", "Cameras", "v4l2", "boot"),
            [
                "dotnet", Path.Combine(AppContext.BaseDirectory, "SentinelCam.Tests.dll"), "-noLogo", "-noColor",
                "-explicit", "only", "-showLiveOutput", "-class", typeof(VividTests).FullName!,
            ])
        {
            RedirectStandardOutput = true,
        };
        using var machine = Process.Start(start)!;
        var said = new List<string>();
        while (await machine.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            said.Add(line);
            TestContext.Current.TestOutputHelper?.WriteLine(line);
        }

        await machine.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, machine.ExitCode);
        Assert.Contains(said, line => Regex.IsMatch(line, @"Total: [1-9]\d*, Errors: 0, Failed: 0, Skipped: 0"));
    }
}

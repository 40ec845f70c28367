using System.Globalization;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>
/// Log-ins on the device with real programs in a sandbox. Run with <c>-explicit only</c>, as root:
/// <code>
/// dotnet run -c Release --project SentinelCam.Tests -- -explicit only -class SentinelCam.Tests.Benchmarks.DeviceBenchmarks
/// </code>
/// </summary>
public sealed class DeviceBenchmarks(InstalledDevice device) : IClassFixture<InstalledDevice>
{
    private const int Rounds = 50;

    /// <summary>Prints how long a wrong password at <c>su</c> takes, without PAM's own delay, and asserts no times.</summary>
    [Fact(Explicit = true)]
    public async Task What_PAM_waits_for_the_helper()
    {
        var sandbox = await device.OpenAsync();
        await sandbox.ShellAsync($"""
            cp /etc/pam.d/su /run/with
            sed 's/^@include common-auth/auth requisite pam_unix.so nullok nodelay/' /run/with >/run/without
            cat >/run/measure <<'END'
            for round in $(seq {Rounds}); do
                start=$EPOCHREALTIME
                echo wrong | su ann -c true 2>/dev/null
                end=$EPOCHREALTIME
                echo $((${"{end/./}"} - ${"{start/./}"}))
            done
            END
            """);

        // Turn by turn, so that other load on the machine affects both
        var (with, without) = (new List<double>(), new List<double>());
        for (var turn = 0; turn < 4; turn++)
        {
            foreach (var (stack, times) in new[] { ("with", with), ("without", without) })
            {
                await sandbox.ShellAsync($"cp /run/{stack} /etc/pam.d/su");
                var result = await sandbox.RunAsync(null, "runuser", "-u", "ben", "--", "bash", "/run/measure");
                times.AddRange(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(text => double.Parse(text, CultureInfo.InvariantCulture) / 1000));
                await sandbox.EmptySpoolAsync();
            }
        }

        await sandbox.ShellAsync("cp /run/with /etc/pam.d/su");
        Table.Print("A wrong password at su, without PAM's own delay (ms)", ("with the helper", with), ("without it", without));
    }

    [Fact(Explicit = true)]
    public async Task None_of_1000_failures_from_20_programs_at_once_is_lost()
    {
        var sandbox = await device.OpenAsync();

        var script = $"for i in $(seq {Rounds}); do echo wrong | su ann -c true 2>/dev/null; done";
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(
            _ => sandbox.RunAsync(null, "runuser", "-u", "ben", "--", "bash", "-c", script)));

        var events = await sandbox.EventsAsync();
        Assert.Equal(
            20 * Rounds, events.Count(item => item is { Kind: "failed", Service: "su", Name: "ann", RemoteUser: "ben" }));
        Table.Print(
            "20 programs with 50 wrong passwords each (s)",
            ("program", [.. results.Select(result => result.Duration.TotalSeconds)]));
    }
}

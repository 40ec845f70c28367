using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
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

    /// <summary>
    /// Prints the time from Enter after a wrong password at <c>su</c>, with PAM's own delay, to the moment that the picture
    /// shows: camera warm, 30 frames a second, the app as its own process.
    /// </summary>
    [Fact(Explicit = true)]
    public async Task From_the_keystroke_to_the_picture()
    {
        var sandbox = await device.OpenAsync();
        await sandbox.ShellAsync("sed -i.whole 's/ nodelay//' /etc/pam.d/common-auth");
        await sandbox.ShellAsync($$"""
            cat >/run/type <<'END'
            set timeout 60
            for {set round 0} {$round < {{Rounds}}} {incr round} {
                spawn -noecho su ann -c true
                expect -ex "Password:"
                puts "\ntyped [clock microseconds]"
                send -- "wrong\r"
                expect eof
                puts "\nanswered [clock microseconds]"
                wait
            }
            END
            """);
        var directory = Directory.CreateTempSubdirectory("sentinelcam-bench-").FullName;
        try
        {
            await using var camera = await TimedCamera.StartAsync();
            var data = Path.Combine(directory, "data");
            await using var app = SentinelCamProcess.StartIn(
                sandbox, data, ("Camera:Source", camera.Url.ToString()), ("Camera:Warm", "Always"));
            using var visitor = new WebVisitor(await app.Address, "Tests/1.0");
            await visitor.GetAsync("/");
            await Task.Delay(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

            var printed = new List<(string What, DateTimeOffset At)>();
            using var typing = Process.Start(Redirected(
                sandbox.Start("runuser", "-u", "ben", "--", "expect", "-f", "/run/type")))!;
            while (await typing.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                if (line.Trim().Split(' ') is [("typed" or "answered") and var what, var microseconds])
                    printed.Add((what, DateTimeOffset.UnixEpoch.AddMicroseconds(long.Parse(
                        microseconds, CultureInfo.InvariantCulture))));
            }

            var typed = printed.FindAll(line => line.What == "typed").ConvertAll(line => line.At);
            var answered = printed.FindAll(line => line.What == "answered").ConvertAll(line => line.At);
            Assert.Equal(Rounds, typed.Count);
            await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
            var entries = await EntriesAsync(data);
            Assert.Equal(Rounds, entries.Count);
            var pictures = entries.ConvertAll(entry => entry.Snapshot is { } picture
                ? TimeCode.Read(File.ReadAllBytes(Path.Combine(data, "snapshots", picture.FileName)))
                : (DateTimeOffset?)null);
            Table.Print(
                "A wrong password at su, from Enter (ms)",
                ("to the answer of su", Since(answered.ConvertAll(time => (DateTimeOffset?)time))),
                ("to the event", Since(entries.ConvertAll(entry => (DateTimeOffset?)entry.At))),
                ("to the time in the picture", Since(pictures)));

            List<double> Since(List<DateTimeOffset?> times) =>
                [.. times.Zip(typed).Where(pair => pair.First is not null)
                    .Select(pair => (pair.First!.Value - pair.Second).TotalMilliseconds)];
        }
        finally
        {
            await sandbox.ShellAsync("mv /etc/pam.d/common-auth.whole /etc/pam.d/common-auth");
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Prints the processor time of the app at rest, with and without the watcher of the spool.</summary>
    [Fact(Explicit = true)]
    public async Task What_the_watcher_costs_at_rest()
    {
        var sandbox = await device.OpenAsync();
        var directory = Directory.CreateTempSubdirectory("sentinelcam-bench-").FullName;
        try
        {
            await using var with = SentinelCamProcess.StartIn(sandbox, Path.Combine(directory, "with"));
            await using var without = SentinelCamProcess.StartIn(
                sandbox, Path.Combine(directory, "without"), ("Device:Source", "None"));
            foreach (var app in new[] { with, without })
            {
                using var visitor = new WebVisitor(await app.Address, "Tests/1.0");
                await visitor.GetAsync("/");
            }

            // The start-up work ends meanwhile
            await Task.Delay(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            var (withIt, withoutIt) = (new List<double>(), new List<double>());
            for (var minute = 0; minute < 3; minute++)
            {
                var (before, beforeWithout, start) = (with.ProcessorTime, without.ProcessorTime, Stopwatch.GetTimestamp());
                await Task.Delay(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
                var minutes = Stopwatch.GetElapsedTime(start);
                withIt.Add((with.ProcessorTime - before) / minutes * 100);
                withoutIt.Add((without.ProcessorTime - beforeWithout) / minutes * 100);
            }

            Table.Print("At rest (% of a core)", ("with the watcher", withIt), ("without it", withoutIt));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
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

    private static ProcessStartInfo Redirected(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        return start;
    }

    /// <summary>The entries, in their order.</summary>
    private static async Task<List<ImageLogEntry>> EntriesAsync(string data)
    {
        await using var db = StoredDatabase.Open(data);
        return await db.ImageLog.AsNoTracking().Include(e => e.Snapshot).OrderBy(e => e.Id)
            .ToListAsync(TestContext.Current.CancellationToken);
    }
}

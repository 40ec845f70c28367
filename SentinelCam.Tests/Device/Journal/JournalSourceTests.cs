using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Device;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>How the journal is followed, with a script instead of <c>journalctl</c>.</summary>
[SupportedOSPlatform("linux")]
public sealed class JournalSourceTests : IDisposable
{
    // Prints the journal from the line after the cursor on, and then what is added
    private const string Script = """
        #!/bin/sh
        cd "$(dirname "$0")" || exit
        echo "$*" >>calls
        if [ -e refuse ]; then
            cat refuse >&2
            exit 1
        fi
        from=1
        for argument; do
            case $argument in
                --after-cursor=*) from=$(($(grep -nF "${argument#*=}" journal | cut -d: -f1) + 1)) ;;
            esac
        done
        echo $$ >pid
        exec tail -n +"$from" -f journal
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
    private readonly FakeTimeProvider _clock = TestClock.AtNoon();
    private readonly DeviceStatus _status = new();
    private readonly DataDirectory _data;

    public JournalSourceTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux only");
        _data = SourceRun.Open(Path.Combine(_directory, "data"));
        File.WriteAllText(Program, Script.ReplaceLineEndings("\n"));
        File.SetUnixFileMode(Program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(At("journal"), "");
    }

    private string Program => At("journalctl");

    public void Dispose()
    {
        _data?.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task First_start_reads_from_now_on_and_the_next_one_goes_on_after_the_last_entry()
    {
        await using (var run = new SourceRun(Source()))
        {
            Write(JournalLines.WrongSu(1), JournalLines.Line(2, JournalLines.Su, 1001, "something else"));
            await Eventually.TrueAsync(() => run.Events.Count == 1 && Position() == JournalLines.Cursor(2));
        }

        Write(JournalLines.WrongSu(3));
        await using var again = new SourceRun(Source());
        await Eventually.TrueAsync(() => again.Events.Count == 1);

        Assert.Equal($"journal:{JournalLines.Cursor(3)}", again.Events[0].Key);
        Assert.Collection(Calls(),
            call => Assert.Contains($" --since=@{TestClock.Noon.ToUnixTimeSeconds()} ", call, StringComparison.Ordinal),
            call => Assert.Contains($" --after-cursor={JournalLines.Cursor(2)} ", call, StringComparison.Ordinal));
        Assert.All(Calls(), call =>
            Assert.Matches("^--follow --no-tail --output=json .*_TRANSPORT=syslog .*_COMM=sudo( |$)", call));
    }

    [Fact]
    public async Task Start_that_saw_nothing_misses_nothing_until_the_next()
    {
        await using (new SourceRun(Source()))
            await Eventually.TrueAsync(() => File.Exists(At("pid")));
        _clock.Advance(TimeSpan.FromHours(1));

        await using var again = new SourceRun(Source());
        await Eventually.TrueAsync(() => Calls().Count == 2);

        Assert.All(Calls(), call =>
            Assert.Contains($" --since=@{TestClock.Noon.ToUnixTimeSeconds()} ", call, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Entry_that_could_not_be_recorded_is_read_again()
    {
        Write(JournalLines.WrongSu(1));
        await using (var failing = new SourceRun(Source(), _ => throw new IOException("disk full")))
            await Assert.ThrowsAsync<IOException>(() => failing.Running);

        await using var run = new SourceRun(Source());

        await Eventually.TrueAsync(() => run.Events.Count == 1);
    }

    [Fact]
    public async Task Journalctl_that_dies_is_reported_and_started_again()
    {
        await using var run = new SourceRun(Source());
        Write(JournalLines.WrongSu(1));
        await Eventually.TrueAsync(() => run.Events.Count == 1);

        Kill();
        await Eventually.TrueAsync(() => _status.Problem is not null);
        Assert.Equal("journalctl, which reads the journal, has ended and is started again.", _status.Problem);
        Write(JournalLines.WrongSu(2));

        await Eventually.TrueAsync(() => run.Events.Count == 2, meanwhile: () => _clock.Advance(TimeSpan.FromSeconds(1)));
        await Eventually.TrueAsync(() => _status.Problem is null, meanwhile: () => _clock.Advance(TimeSpan.FromSeconds(1)));
        Assert.Equal(2, Calls().Count);
    }

    [Fact]
    public async Task Missing_journalctl_is_reported_with_what_to_do()
    {
        await using var run = new SourceRun(Source(At("absent")));

        await Eventually.TrueAsync(() => _status.Problem is not null);

        Assert.StartsWith("The program journalctl, which reads the journal, cannot be started.", _status.Problem,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("No journal files were opened due to insufficient permissions.")]
    [InlineData("Hint: You are currently not seeing messages from other users and the system.")]
    public async Task Journal_that_may_not_be_read_is_reported_with_what_to_do(string error)
    {
        File.WriteAllText(At("refuse"), error + "\n");
        await using var run = new SourceRun(Source());

        await Eventually.TrueAsync(() => _status.Problem?.Contains("group systemd-journal", StringComparison.Ordinal) is true);
    }

    [Theory]
    [InlineData("no cursor; --file=/etc/shadow")]
    [InlineData("")]
    public async Task Damaged_position_is_as_none(string position)
    {
        File.WriteAllText(Path.Combine(_data.Root, JournalSource.PositionFile), position);

        await using var run = new SourceRun(Source());
        await Eventually.TrueAsync(() => Calls().Count == 1);

        Assert.Contains(" --since=@", Calls()[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cursor_that_the_journal_refuses_is_dropped()
    {
        await File.WriteAllTextAsync(
            Path.Combine(_data.Root, JournalSource.PositionFile), JournalLines.Cursor(9), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            At("refuse"), "Failed to seek to cursor: Invalid argument\n", TestContext.Current.CancellationToken);
        await using var run = new SourceRun(Source());

        await Eventually.TrueAsync(() => Position()?.StartsWith('@') is true);
    }

    [Fact]
    public async Task End_of_the_source_ends_journalctl()
    {
        await using (new SourceRun(Source()))
            await Eventually.TrueAsync(() => File.Exists(At("pid")) && Pid() != 0);

        await Eventually.TrueAsync(() => !Directory.Exists($"/proc/{Pid()}"));
    }

    [Fact]
    public async Task Entry_that_is_read_twice_is_recorded_once()
    {
        Write(JournalLines.WrongSu(1));
        await using var app = await SentinelCamApp.StartAsync(null, Replace, ("Device:Source", "Journal"));
        await app.WaitForAsync(db => db.LoginAttempts.CountAsync(), count => count == 1);
        await app.StopAsync();
        File.Delete(Path.Combine(app.DataDirectory, JournalSource.PositionFile));

        Write(JournalLines.WrongSu(2));
        await using var again = await app.StartAgainAsync(null, Replace, ("Device:Source", "Journal"));
        await again.WaitForAsync(db => db.LoginAttempts.CountAsync(), count => count >= 2);

        Assert.Equal(
            [("su", "ben", "ann", AttemptOrigin.AtDevice, $"journal:{JournalLines.Cursor(1)}"),
                ("su", "ben", "ann", AttemptOrigin.AtDevice, $"journal:{JournalLines.Cursor(2)}")],
            (await again.ReadAsync(db => db.LoginAttempts.OrderBy(a => a.Id).ToListAsync()))
                .Select(a => (a.Service, a.AccountTyped, a.Caller, a.Origin, a.SourceKey)));
        Assert.Contains(
            again.Services.GetRequiredService<DeviceStatus>().Last, seen => seen.Result is DeviceEventResult.Repeated);

        void Replace(IServiceCollection services) => services.RemoveAll<IDeviceEventSource>().AddSingleton<IDeviceEventSource>(
            provider => new JournalSource(
                provider.GetRequiredService<DataDirectory>(), provider.GetRequiredService<DeviceStatus>(), TimeProvider.System,
                new LogRecord<JournalSource>(), Program, JournalLines.Messages));
    }

    private JournalSource Source(string? program = null) =>
        new(_data, _status, _clock, new LogRecord<JournalSource>(), program ?? Program, JournalLines.Messages);

    private string At(string name) => Path.Combine(_directory, name);

    private void Write(params string[] lines) => File.AppendAllLines(At("journal"), lines);

    private string? Position() => new SourcePosition(_data, JournalSource.PositionFile).Read();

    private List<string> Calls() => File.Exists(At("calls")) ? [.. File.ReadAllLines(At("calls"))] : [];

    private int Pid() => int.TryParse(File.ReadAllText(At("pid")), CultureInfo.InvariantCulture, out var id) ? id : 0;

    private void Kill()
    {
        using var process = Process.GetProcessById(Pid());
        process.Kill();
    }
}

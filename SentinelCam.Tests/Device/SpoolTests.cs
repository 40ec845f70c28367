using System.Runtime.Versioning;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Data;
using SentinelCam.Device;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>What is believed of the files in the spool, and that each is recorded once.</summary>
[SupportedOSPlatform("linux")]
[Trait("Database", "Both")]
public sealed class SpoolTests : IAsyncLifetime
{
    private readonly TestSpool _spool = TestSpool.Create();
    private SentinelCamApp _app = null!;

    public async ValueTask InitializeAsync() => _app = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _spool.Dispose();
    }

    [Fact]
    public async Task Failed_log_in_is_recorded_with_what_is_known_of_it_and_its_file_removed()
    {
        _spool.Fail("su", "root", caller: "nobody", terminal: "tty1");

        var attempt = await AttemptAsync();
        Assert.Equal(
            (AttemptOrigin.AtDevice, "root", "su", "nobody", "", LoginOutcome.RefusedByDevice, (long?)null),
            (attempt.Origin, attempt.AccountTyped, attempt.Service, attempt.Caller, attempt.RemoteAddress, attempt.Outcome,
                attempt.OwnerId));
        await EmptyAsync();
    }

    [Fact]
    public async Task Screen_lock_may_report_the_user_who_it_runs_as()
    {
        _spool.Fail("i3lock", "nobody", caller: "root", host: "203.0.113.9", owner: TestSpool.Nobody);

        var attempt = await AttemptAsync();
        // A user could blame somebody else
        Assert.Equal(("nobody", null, AttemptOrigin.AtDevice), (attempt.AccountTyped, attempt.Caller, attempt.Origin));
    }

    [Fact]
    public async Task Forged_symlinked_oversized_and_foreign_files_are_refused_removed_and_logged_once()
    {
        var nobody = TestSpool.Nobody;
        // Another service than a screen lock, another user, no user
        _spool.Fail("sudo", "nobody", owner: nobody);
        _spool.Fail("sudo", "nobody", owner: nobody);
        _spool.Fail("i3lock", "root", owner: nobody);
        _spool.Fail("i3lock", "", owner: nobody);
        // Too large, malformed, cut, of another version, with a field too many
        _spool.Write(0, null, "1", "failed", new string('x', 5000), "root", "", "", "", "", "end");
        _spool.Write(0, null, "1", "failed", "su");
        _spool.Write(0, null, "2", "failed", "su", "root", "", "", "", "", "end");
        _spool.Write(0, null, "1", "tried", "su", "root", "", "", "", "", "end");
        _spool.Write(0, null, "1", "failed", "su", "root", "", "", "", "", "", "end");
        // A link to a file of root, another name of one, a pipe, a directory
        var secret = Path.Combine(Path.GetDirectoryName(_app.DataDirectory)!, "secret");
        await File.WriteAllTextAsync(secret, "1\0failed\0su\0root\0\0\0\0\0end\0", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(_spool.Path, "200001.1"), secret);
        await RunAsync("ln", secret, Path.Combine(_spool.Path, "200002.1"));
        await RunAsync("mkfifo", Path.Combine(_spool.Path, "200003.1"));
        Directory.CreateDirectory(Path.Combine(_spool.Path, "200004.1"));

        await EmptyAsync();
        Assert.Equal(0, await _app.ReadAsync(db => db.LoginAttempts.CountAsync()));
        Assert.True(File.Exists(secret));
        Assert.Equal(13, Status.Refused.Values.Sum());
        Assert.Equal(2, Status.Refused["not from root, and not from a screen lock"]);
        Assert.Single(
            _app.Log().Split('\n'), line => line.Contains("not from root, and not from a screen lock", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Events_of_the_time_before_the_start_are_recorded_without_a_picture()
    {
        await _app.StopAsync();
        _spool.Fail("lightdm", "root", terminal: ":0", at: DateTime.UtcNow.AddMinutes(-10));

        await using var again = await _app.StartAgainAsync(services: Household.CheapPasswords, settings: _spool.Settings);
        var entry = await again.WaitForAsync(
            db => db.ImageLog.AsNoTracking().Include(e => e.LoginAttempt).SingleOrDefaultAsync(), entry => entry is not null);

        Assert.Equal((CaptureState.Failed, DeviceRecorder.FoundLate), (entry!.CaptureState, entry.CaptureProblem));
        Assert.InRange(DateTimeOffset.UtcNow - entry.At, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(15));
    }

    [Fact]
    public async Task App_killed_between_commit_and_delete_records_the_event_once()
    {
        var at = DateTime.UtcNow.AddSeconds(-5);
        var path = _spool.Fail("login", "root", terminal: "tty1", at: at);
        await AttemptAsync();
        await EmptyAsync();
        await _app.StopAsync();
        // As if the process had been killed between the commit and the removal
        await File.WriteAllTextAsync(path, "1\0failed\0login\0root\0\0\0tty1\0\0end\0", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(path, at);

        await using var again = await _app.StartAgainAsync(services: Household.CheapPasswords, settings: _spool.Settings);
        await EmptyAsync();

        Assert.Equal(1, await again.ReadAsync(db => db.LoginAttempts.CountAsync()));
    }

    [Fact]
    public async Task Spool_is_bounded_and_what_is_dropped_is_counted()
    {
        await _app.StopAsync();
        for (var i = 0; i < SpoolSource.MaxFilesOfUser + 30; i++)
            _spool.Fail("i3lock", "nobody", owner: TestSpool.Nobody);
        _spool.Fail("sudo", "root");

        await using var again = await _app.StartAgainAsync(services: Household.CheapPasswords, settings: _spool.Settings);
        await EmptyAsync();

        Assert.Equal(SpoolSource.MaxFilesOfUser + 1, await again.ReadAsync(db => db.LoginAttempts.CountAsync()));
        Assert.Equal(30, again.Services.GetRequiredService<DeviceStatus>().Dropped);
    }

    [Fact]
    public async Task What_cannot_be_removed_is_refused_once()
    {
        // Root can remove anything but a directory with something in it
        Directory.CreateDirectory(Path.Combine(_spool.Path, "400001.1", "inside"));
        _spool.Fail("su", "root");
        await _app.WaitForAsync(db => db.LoginAttempts.CountAsync(), count => count == 1);
        _spool.Fail("su", "root");
        await _app.WaitForAsync(db => db.LoginAttempts.CountAsync(), count => count == 2);

        Assert.Equal(1, Status.Refused["not a plain file"]);
        Assert.Equal(1, Status.Refused["cannot be removed"]);
    }

    [Fact]
    public async Task Unfinished_files_are_left_alone_until_they_are_old()
    {
        var young = Path.Combine(_spool.Path, ".300001.1");
        var old = Path.Combine(_spool.Path, ".300002.1");
        await File.WriteAllTextAsync(young, "1", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(old, "1", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddMinutes(-5));
        _spool.Fail("su", "root");

        await AttemptAsync();
        await Eventually.TrueAsync(() => !File.Exists(old), () => _app.Log());
        Assert.True(File.Exists(young));
    }

    [Fact]
    public async Task Spool_that_is_made_later_is_read_then()
    {
        await _app.StopAsync();
        Directory.Delete(_spool.Path, recursive: true);
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var again = await _app.StartAgainAsync(clock, Household.CheapPasswords, _spool.Settings);
        await Eventually.TrueAsync(
            () => again.Services.GetRequiredService<DeviceStatus>().Problem?.Contains("device install", StringComparison.Ordinal)
                is true);

        Directory.CreateDirectory(_spool.Path);
        _spool.Fail("su", "root");

        await again.WaitForAsync(
            db => db.LoginAttempts.CountAsync(), count => count == 1, meanwhile: () => clock.AdvanceMinutes(1));
        await Eventually.TrueAsync(() => again.Services.GetRequiredService<DeviceStatus>().Problem is null);
    }

    [Fact]
    public async Task Spool_that_is_removed_and_made_again_is_watched_again()
    {
        await _app.StopAsync();
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var again = await _app.StartAgainAsync(clock, Household.CheapPasswords, _spool.Settings);
        _spool.Fail("su", "root");
        await again.WaitForAsync(db => db.LoginAttempts.CountAsync(), count => count == 1);

        // As "device remove" and "device install" do
        Directory.Delete(_spool.Path, recursive: true);
        Directory.CreateDirectory(_spool.Path);
        _spool.Fail("su", "root");
        await again.WaitForAsync(
            db => db.LoginAttempts.CountAsync(), count => count == 2, meanwhile: () => clock.AdvanceMinutes(1));
        _spool.Fail("su", "root");

        await again.WaitForAsync(db => db.LoginAttempts.CountAsync(), count => count == 3);
    }

    [Fact]
    public async Task Success_after_failures_while_SentinelCam_was_stopped_is_recorded()
    {
        await _app.StopAsync();
        var at = DateTime.UtcNow.AddHours(-3);
        for (var i = 0; i < 3; i++)
            _spool.Fail("login", "root", terminal: "tty1", at: at.AddMinutes(i));
        _spool.Accept("login", "root", at: at.AddMinutes(5));

        await using var again = await _app.StartAgainAsync(services: Household.CheapPasswords, settings: _spool.Settings);
        await EmptyAsync();

        Assert.Equal(
            1, await again.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.Outcome == LoginOutcome.SucceededAfterFailures)));
    }

    private DeviceStatus Status => _app.Services.GetRequiredService<DeviceStatus>();

    private Task<SentinelCamApp> StartAsync() => SentinelCamApp.StartAsync(null, Household.CheapPasswords, _spool.Settings);

    private async Task<LoginAttempt> AttemptAsync() => (await _app.WaitForAsync(
        db => db.LoginAttempts.AsNoTracking().OrderBy(a => a.Id).LastOrDefaultAsync(), attempt => attempt is not null))!;

    private Task EmptyAsync() => Eventually.TrueAsync(() => _spool.Waiting.Count == 0, () => _app.Log());

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
    }
}

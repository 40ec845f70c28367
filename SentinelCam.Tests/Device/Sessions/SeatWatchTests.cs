using SentinelCam.Cameras;
using SentinelCam.Device;
using SentinelCam.Tests.Cameras;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>Whether the camera is open while the screen is locked.</summary>
public sealed class SeatWatchTests : FakeCameraFeed
{
    private static readonly FakeSession Locked = new(IsLocked: true);

    private readonly LogRecord<SeatWatch> _log = new();

    [Fact]
    public async Task Camera_is_open_while_the_screen_is_locked_and_closes_when_it_is_unlocked()
    {
        using var bus = PrivateBus.Start();
        using var logind = await FakeLogind.StartAsync(bus);
        logind.Set("2", new FakeSession());
        logind.Activate("2");
        using var watch = await StartAsync(bus);

        logind.Set("2", Locked);
        await UntilAsync(() => Camera.IsOpen);
        await SendFramesForAsync(TimeSpan.FromSeconds(100));
        Assert.Equal((true, 1), (Camera.IsOpen, Camera.Openings));
        logind.Set("2", new FakeSession());

        await UntilOffAsync();
    }

    [Fact]
    public async Task Screen_that_was_locked_before_the_start_counts()
    {
        using var bus = PrivateBus.Start();
        using var logind = await FakeLogind.StartAsync(bus);
        logind.Set("2", Locked);
        logind.Activate("2");

        using var watch = await StartAsync(bus);

        await UntilAsync(() => Camera.IsOpen);
    }

    [Fact]
    public async Task Camera_closes_when_nobody_is_at_the_locked_screen_and_opens_when_somebody_comes()
    {
        using var bus = PrivateBus.Start();
        using var logind = await FakeLogind.StartAsync(bus);
        logind.Set("2", Locked);
        logind.Activate("2");
        using var watch = await StartAsync(bus);
        await UntilAsync(() => Camera.IsOpen);

        logind.Set("2", Locked with { IsIdle = true });
        await UntilOffAsync();
        logind.Set("2", Locked);

        await UntilAsync(() => Camera.IsOpen);
    }

    [Fact]
    public async Task Only_the_session_on_the_screen_counts()
    {
        using var bus = PrivateBus.Start();
        using var logind = await FakeLogind.StartAsync(bus);
        logind.Set("2", Locked);
        logind.Activate("2");
        using var watch = await StartAsync(bus);
        await UntilAsync(() => Camera.IsOpen);

        // The log-in screen, then nobody
        logind.Set("3", new FakeSession());
        logind.Activate("3");
        await UntilOffAsync();
        logind.Activate("2");
        await UntilAsync(() => Camera.IsOpen);
        logind.Activate("");

        await UntilOffAsync();
    }

    [Fact]
    public async Task Log_in_manager_that_ends_closes_the_camera_and_is_asked_again_later()
    {
        using var bus = PrivateBus.Start();
        var first = await FakeLogind.StartAsync(bus);
        first.Set("2", Locked);
        first.Activate("2");
        using var watch = await StartAsync(bus);
        await UntilAsync(() => Camera.IsOpen);

        first.Dispose();
        await UntilOffAsync();
        Assert.Single(_log.Lines);
        using var second = await FakeLogind.StartAsync(bus);
        second.Set("2", Locked);
        second.Activate("2");

        await UntilAsync(() => Camera.IsOpen, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Missing_bus_is_logged_once()
    {
        using var watch = await StartAsync(Logind("unix:path=/nonexistent/socket"), warmWhileLocked: true);

        await UntilAsync(() => _log.Lines.Count > 0);
        for (var i = 0; i < 5; i++)
            await Task.Run(() => Time.Advance(TimeSpan.FromMinutes(1)), Cancelled);

        Assert.StartsWith(
            "Warning: Whether the screen is locked is not known", Assert.Single(_log.Lines), StringComparison.Ordinal);
        Assert.Equal(0, Camera.Openings);
    }

    [Fact]
    public async Task Nobody_is_asked_unless_it_is_switched_on()
    {
        using var watch = await StartAsync(Logind("unix:path=/nonexistent/socket"), warmWhileLocked: false);

        await watch.ExecuteTask!;

        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void Camera_that_is_opened_for_captures_only_stays_closed()
    {
        Create(CameraWarmth.Never);
        using var screens = new LockedScreens(Options(warmWhileLocked: true), Feed, Time);
        screens.Lock("seat0");
        Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(0, Camera.Openings);
    }

    private Task UntilOffAsync() => UntilAsync(
        () => Feed.Status.State == CameraState.Off, TimeSpan.FromSeconds(4), () => Camera.Send(FrameNow()));

    private Task<SeatWatch> StartAsync(PrivateBus bus) => StartAsync(Logind(bus.Address), warmWhileLocked: true);

    private static Logind Logind(string address) => new(address, TimeProvider.System);

    private async Task<SeatWatch> StartAsync(Logind logind, bool warmWhileLocked)
    {
        var options = Options(warmWhileLocked);
        var watch = new SeatWatch(logind, new LockedScreens(options, Feed, Time), options, Time, _log);
        await watch.StartAsync(Cancelled);
        return watch;
    }

    private static DeviceOptions Options(bool warmWhileLocked) =>
        new(DeviceSource.None, PhotographRemote: false, warmWhileLocked, Spool: "");
}

using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Forwarding;

/// <summary>
/// A device and a central SentinelCam, both real, with a network between them that loses what a test wants. Ann has an account
/// at both ends.
/// </summary>
internal sealed class DevicePair : IAsyncDisposable
{
    public const string Laptop = "Ann's laptop";

    public FakeTimeProvider Clock { get; } = TestClock.AtNoon();

    public SentinelCamApp Central { get; private set; } = null!;

    public SentinelCamApp Device { get; private set; } = null!;

    public LossyProxy Proxy { get; private set; } = null!;

    public string Token { get; private set; } = "";

    public WebVisitor Ann { get; private set; } = null!;

    public WebVisitor AnnAtDevice { get; private set; } = null!;

    /// <param name="settings">Of both.</param>
    public static Task<DevicePair> StartAsync(params (string, string?)[] settings) => StartAsync(null, settings);

    /// <param name="mails">The mail server of the device; null if it has none.</param>
    /// <param name="settings">Of both.</param>
    public static async Task<DevicePair> StartAsync(ScriptedSmtpServer? mails, params (string, string?)[] settings)
    {
        var pair = new DevicePair();
        pair.Central = await SentinelCamApp.StartAsync(pair.Clock, Household.CheapPasswords, settings);
        pair.Ann = await pair.Central.RegisterAnnAsync();
        pair.Token = await pair.Central.EnrolAsync(pair.Ann, Laptop, false, SentinelCamApp.AnnsEmail);
        pair.Proxy = await LossyProxy.StartAsync(pair.Central.Address);
        pair.Device = await SentinelCamApp.StartAsync(pair.Clock, Household.CheapPasswords,
            [("Forward:Url", $"{pair.Proxy.Address}"), ("Forward:Token", pair.Token), .. settings,
                .. mails?.Settings ?? []]);
        pair.AnnAtDevice = await pair.Device.RegisterAnnAsync();
        return pair;
    }

    /// <summary>Waits until everything is reported.</summary>
    /// <param name="step">How far to move the clock while waiting, so that pauses end.</param>
    public Task WaitForReportsAsync(TimeSpan step) => WaitForReportsAsync(Device, Clock, step);

    /// <summary>The same without steps: moves the clock to the end of each pause, so that waiting takes no time.</summary>
    public Task WaitThroughPausesAsync() => Eventually.TrueAsync(async () =>
    {
        var left = await Device.ReadAsync(
            db => db.Forwards.AsNoTracking().Where(f => f.State != ForwardState.Done).ToListAsync());
        var now = Clock.GetUtcNow();
        if (left.Count > 0)
        {
            // While some are due, a little: a job that is lost is started again ten seconds later
            Clock.Advance(left.TrueForAll(f => f.State is ForwardState.Waiting && f.DueAt > now)
                ? left.Min(f => f.DueAt) - now : TimeSpan.FromMilliseconds(50));
        }

        return left.Count == 0;
    }, Device.Log, patience: TimeSpan.FromMinutes(4));

    /// <summary>
    /// Waits until no entry of the device waits for its picture, and moves the clock to the next try of a capture that the clock
    /// has overtaken.
    /// </summary>
    public Task WaitForPicturesAsync() => Eventually.TrueAsync(async () =>
    {
        var dueAt = await Device.ReadAsync(
            db => db.ImageLog.Where(e => e.CaptureState == CaptureState.Waiting).Select(e => e.CaptureDueAt).ToListAsync());
        var now = Clock.GetUtcNow();
        if (dueAt.Count > 0)
            Clock.Advance(dueAt.TrueForAll(at => at > now) ? dueAt.Min() - now : TimeSpan.FromMilliseconds(50));
        return dueAt.Count == 0;
    }, Device.Log, patience: TimeSpan.FromMinutes(4));

    public static Task WaitForReportsAsync(SentinelCamApp device, FakeTimeProvider clock, TimeSpan step) =>
        // Hundreds of reports take longer than a minute on a busy machine
        Eventually.GetAsync(
            () => device.ReadAsync(db => db.Forwards.CountAsync(f => f.State != ForwardState.Done)), waiting => waiting == 0,
            device.Log, meanwhile: () => clock.Advance(step), patience: TimeSpan.FromMinutes(4));

    public async ValueTask DisposeAsync()
    {
        Ann?.Dispose();
        AnnAtDevice?.Dispose();
        await Device.DisposeAsync();
        await Proxy.DisposeAsync();
        await Central.DisposeAsync();
    }
}

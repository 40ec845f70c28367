using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Data;
using SentinelCam.Device;

namespace SentinelCam.Tests.Support;

/// <summary>
/// An app for browsers in which Ann, the administrator, has eight closed alerts of the last day, each with pictures: from the
/// internet, from her network, at the device, and of an unknown account. In one, somebody got in.
/// </summary>
public sealed class HouseOfAlerts : HouseOfPictures
{
    private const string Chrome =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

    private const string Phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
        + "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";

    /// <summary>Follows the real clock, one day behind until all has happened.</summary>
    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.UtcNow.AddHours(-26).AddMinutes(-54));

    public override async ValueTask InitializeAsync()
    {
        App = await SentinelCamApp.StartAsync(Clock, Household.CheapPasswords);
        (await App.RegisterAnnAsync()).Dispose();
        await FailAsync(3, "203.0.113.9", Chrome);
        await NextAsync(TimeSpan.FromHours(7));
        await FailAsync(1, "198.51.100.7", "curl/8.7", "stranger@example.org");
        await NextAsync(TimeSpan.FromHours(5));
        await FailAsync(4, "192.168.1.23", Phone);
        await App.SubmitAsync(SentinelCamApp.AnnsEmail, passwordIsRight: true, "192.168.1.23", Phone);
        await App.WaitForCapturesAsync();
        await NextAsync(TimeSpan.FromHours(6));
        await FailAsync(1, "127.0.0.1", Chrome);
        await NextAsync(TimeSpan.FromHours(3));
        await FailAtScreenLockAsync();
        await NextAsync(TimeSpan.FromHours(4));
        for (var i = 0; i < 12; i++)
            await FailAsync(1, $"203.0.113.{20 + i}", "python-requests/2.32");
        await NextAsync(TimeSpan.FromMinutes(30));
        await FailAsync(2, "192.168.1.40", Phone);
        await NextAsync(TimeSpan.FromMinutes(20));
        await FailAsync(3, "203.0.113.77", Chrome);
        await NextAsync(TimeSpan.FromMinutes(6));
        Clock.AdjustTime(DateTimeOffset.UtcNow);
        Ann = await App.VisitAsAsync(SentinelCamApp.AnnsEmail);
    }

    /// <summary>Ann's newest alert.</summary>
    public Task<Alert> NewestAlertAsync() => App.ReadAsync(db => db.Alerts.OrderByDescending(a => a.LastAt).FirstAsync());

    private async Task FailAsync(int times, string address, string agent, string email = SentinelCamApp.AnnsEmail)
    {
        for (var i = 0; i < times; i++)
        {
            await App.FailToSignInAsync(email, address, agent);
            await App.WaitForCapturesAsync();
            Clock.Advance(TimeSpan.FromSeconds(9));
        }
    }

    private async Task FailAtScreenLockAsync()
    {
        await using var scope = App.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<DeviceRecorder>().RecordAsync(new DeviceEvent
        {
            Key = "screen lock",
            At = Clock.GetUtcNow(),
            IsAccepted = false,
            Service = "kde",
            User = "ann",
            Terminal = ":0",
        });
        await App.WaitForCapturesAsync();
    }

    /// <summary>Ends the alert and lets time pass.</summary>
    private async Task NextAsync(TimeSpan pause)
    {
        await ForgetFailuresAsync();
        Clock.Sleep(TimeSpan.FromMinutes(6));
        await App.WaitForClosedAlertsAsync();
        await App.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.State == DeliveryState.Waiting || d.State == DeliveryState.Sending),
            waiting => waiting == 0);
        Clock.Sleep(pause);
    }
}

using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Alerts;

/// <summary>A burst at two devices: what the mail says about one of its attempts.</summary>
public class SeveralDevicesTests
{
    [Fact]
    public async Task Clock_and_camera_are_those_of_the_attempt_and_not_of_several_devices()
    {
        var clock = TestClock.AtNoon();
        await using var app = await AnnsApp.StartAsync(clock, account => account.AlertFrom = 2);
        for (var i = 0; i < 2; i++)
            await app.FailAndCaptureAsync(clock);
        await app.WaitForAcceptedAsync(1);
        await app.ReadAsync(async db =>
        {
            var attempts = await db.LoginAttempts.OrderBy(a => a.Id).ToListAsync();
            (attempts[0].Device, attempts[1].Device) = ("office", "lobby");
            (await db.Alerts.SingleAsync()).Device = LoginAttempt.SeveralDevices;
            await db.Snapshots.Where(s => s.EntryId == null).ExecuteDeleteAsync();
            await db.Snapshots.ExecuteDeleteAsync();
            await db.ImageLog.ExecuteUpdateAsync(set => set.SetProperty(e => e.ClockErrorSeconds, 7200));
            return await db.SaveChangesAsync();
        });

        await using var scope = app.Services.CreateAsyncScope();
        var mail = await scope.ServiceProvider.GetRequiredService<AlertContentQuery>()
            .FindAsync(await app.ReadAsync(db => db.Deliveries.SingleAsync()));

        Assert.Equal(LoginAttempt.SeveralDevices, mail!.Device);
        Assert.StartsWith("The clock of lobby was wrong then.", Assert.Single(mail.Lines), StringComparison.Ordinal);
        Assert.Equal("the one of lobby", mail.CameraName);
    }
}

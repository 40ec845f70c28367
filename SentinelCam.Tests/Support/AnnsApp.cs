using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Data;

namespace SentinelCam.Tests.Support;

/// <summary>An app in which Ann has the only account, with her preferences.</summary>
public static class AnnsApp
{
    /// <summary>Starts it with cheap passwords.</summary>
    public static async Task<SentinelCamApp> StartAsync(FakeTimeProvider clock, Action<Account>? preferences = null)
    {
        var app = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords);
        (await app.RegisterAnnAsync()).Dispose();
        await app.ReadAsync(async db =>
        {
            preferences?.Invoke(await db.Users.SingleAsync());
            return await db.SaveChangesAsync();
        });
        return app;
    }

    /// <summary>A failed sign-in to Ann's account; returns two seconds after its picture was taken.</summary>
    public static async Task FailAndCaptureAsync(
        this SentinelCamApp app, FakeTimeProvider clock, string remoteAddress = "127.0.0.1")
    {
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail, remoteAddress);
        await app.WaitForCapturesAsync();
        clock.Advance(TimeSpan.FromSeconds(2));
    }
}

using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using SentinelCam.Data;

namespace SentinelCam.Tests.Support;

/// <summary>
/// An app for browsers, on the real clock. Ann, the administrator, has mails and entries with and without pictures. The tests
/// of a class share it and add what they change. Passwords are hashed cheaply.
/// </summary>
public class HouseOfPictures : IAsyncLifetime
{
    /// <summary>The entries that Ann sees. Two have pictures, and one is of an unknown account.</summary>
    public const int Entries = 32;

    private string? _session;

    public SentinelCamApp App { get; protected set; } = null!;

    public WebVisitor Ann { get; protected set; } = null!;

    /// <summary>The address of a mail in the outbox.</summary>
    public string Mail { get; private set; } = "";

    public virtual async ValueTask InitializeAsync()
    {
        App = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        Ann = await App.RegisterAnnAsync();
        await App.AddAccountAsync("Carol", Household.Carols, approved: false);
        for (var i = 0; i < Entries - 3; i++)
            await App.FailToSignInAsync(
                SentinelCamApp.AnnsEmail, $"203.0.113.{i}", $"Mozilla/5.0 (X11; Linux x86_64) Visitor/{i}", isCaptured: false);
        await App.FailToSignInAsync("stranger@example.org", "198.51.100.7", "curl/8.7", isCaptured: false);
        await ForgetFailuresAsync();
        // The next attempt opens a new alert, so that it has a picture and a mail
        await App.ReadAsync(db => db.Alerts.ExecuteUpdateAsync(set => set.SetProperty(a => a.ClosedAt, DateTimeOffset.UtcNow)));
        await App.FailToSignInAsync(SentinelCamApp.AnnsEmail, "203.0.113.77",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36");
        await Ann.SubmitAsync("/capture", new { });
        await App.WaitForAcceptedAsync(2);
        await App.WaitForAsync(db => db.Snapshots.CountAsync(), count => count == 2);
        Mail = "/admin/mail/" + Path.GetFileName(Directory.GetFiles(Path.Combine(App.DataDirectory, "outbox"))[0]);
        await ForgetFailuresAsync();
        await App.ReadAsync(async db =>
        {
            var device = new ReportingDevice { Name = "Ann's laptop", EnrolledAt = DateTimeOffset.UtcNow, ClockAheadMs = 47_000 };
            device.Owners.Add(new ReportingDeviceOwner { AccountId = await db.Users.MinAsync(a => a.Id) });
            db.Add(device);
            return await db.SaveChangesAsync();
        });
    }

    public virtual async ValueTask DisposeAsync()
    {
        Ann?.Dispose();
        if (App is not null)
            await App.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A browser in which Ann is signed in.</summary>
    public async Task<IBrowserContext> OpenAsync(bool scripts = true, BrowserNewContextOptions? options = null)
    {
        options ??= new BrowserNewContextOptions();
        options.JavaScriptEnabled = scripts;
        if (_session is null)
        {
            await using var first = await Chromium.OpenAsync(App.Address);
            await SignInAsync(await first.NewPageAsync());
            _session = await first.StorageStateAsync();
        }

        options.StorageState = _session;
        return await Chromium.OpenAsync(App.Address, options);
    }

    /// <summary>Adds four frames to the first requested picture, as a live camera does.</summary>
    public Task AddStripAsync() => App.ReadAsync(async db =>
    {
        var store = App.Pictures;
        var picture = (await db.ImageLog.Include(e => e.Snapshot!.Strip).OrderBy(e => e.Id)
            .FirstAsync(e => e.Trigger == CaptureTrigger.Manual)).Snapshot!;
        foreach (var half in picture.Strip.Count == 0 ? new[] { -2, -1, 1, 2 } : [])
            picture.Strip.Add(store.Save(TestJpeg.Good(picture.TakenAt.AddSeconds(half / 2.0), half + 3), picture.CameraName));
        return await db.SaveChangesAsync();
    });

    public static async Task SignInAsync(IPage page)
    {
        await page.GotoAsync("/login");
        await page.GetByLabel("Email address").FillAsync(SentinelCamApp.AnnsEmail);
        await page.GetByLabel("Password").FillAsync(SentinelCamApp.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Chromium.ArriveAsync(page, "/dashboard");
    }

    /// <summary>Lets Ann sign in after all these wrong passwords.</summary>
    public Task ForgetFailuresAsync() => App.ReadAsync(db => db.Users.ExecuteUpdateAsync(set => set
        .SetProperty(a => a.AccessFailedCount, 0).SetProperty(a => a.LockoutEnd, (DateTimeOffset?)null)));

    /// <summary>A failed sign-in to Ann's account that no open alert can join. Its capture is not due.</summary>
    public async Task FailInNewAlertAsync(string remoteAddress)
    {
        await App.ReadAsync(db => db.Alerts.Where(a => a.ClosedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.ClosedAt, DateTimeOffset.UtcNow)));
        await App.FailToSignInAsync(SentinelCamApp.AnnsEmail, remoteAddress, isCaptured: false);
    }

    /// <summary>Puts the alert with a picture and a mail first, before those that other tests have added.</summary>
    public Task PutPictureFirstAsync() => App.ReadAsync(db => db.Alerts
        .Where(a => db.ImageLog.Any(e => e.AlertId == a.Id && e.CaptureState == CaptureState.Taken))
        .ExecuteUpdateAsync(set => set.SetProperty(a => a.LastAt, DateTimeOffset.UtcNow)));

    /// <summary>A link by which Ann answers, as her mails have it where the site has a public address.</summary>
    public async Task<string> AnswerLinkAsync()
    {
        var delivery = await App.ReadAsync(db => db.Deliveries.Where(d => d.Kind == MailKind.Attempt).MinAsync(d => d.Id));
        var until = DateTimeOffset.UtcNow.AddDays(1).ToUnixTimeSeconds();
        var token = App.Services.GetRequiredService<IDataProtectionProvider>()
            .CreateProtector("SentinelCam.AlertAnswer.v1").Protect($"{delivery} {until}");
        return $"/was_it_you?token={token}";
    }

    /// <summary>Makes the links work again. Browsers sign in again: the answer may have signed them out.</summary>
    public Task ForgetAnswersAsync()
    {
        _session = null;
        return App.ReadAsync(async db =>
            await db.Deliveries.ExecuteUpdateAsync(set => set.SetProperty(d => d.AnsweredAt, (DateTimeOffset?)null))
            + await db.Alerts.ExecuteUpdateAsync(set => set
                .SetProperty(a => a.Answer, AlertAnswer.New).SetProperty(a => a.AnsweredAt, (DateTimeOffset?)null)));
    }

    /// <summary>Sends Ann a test alert.</summary>
    /// <returns>The address of its result.</returns>
    public async Task<string> SendTestAlertAsync()
    {
        var page = await Ann.SubmitAsync("/test_alert", new { });
        await App.WaitForAsync(db => db.Deliveries.CountAsync(d => d.State != DeliveryState.Accepted), open => open == 0);
        return page.PathAndQuery;
    }

    public Task<long> NewestAsync() => App.ReadAsync(db => db.ImageLog.MaxAsync(e => e.Id));
}

using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Forwarding;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Forwarding;

/// <summary>A central SentinelCam with one device. Each of its tests begins without entries.</summary>
public sealed class CentralSite : Household
{
    public string Token { get; private set; } = "";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Token = await App.EnrolAsync(Ann, "Bob's phone", forAdministrators: false, Bobs);
    }

    public ReportedEntry Entry() => new()
    {
        Epoch = "e",
        Version = 1,
        SentAt = Clock.GetUtcNow(),
        Owner = Bobs,
        At = Clock.GetUtcNow(),
        Outcome = LoginOutcome.RefusedByDevice,
        Origin = AttemptOrigin.AtDevice,
        AccountTyped = "bob",
        RemoteAddress = "",
        UserAgent = "",
        Service = "gdm-password",
    };

    public int Files() => Directory.EnumerateFiles(
        Path.Combine(App.DataDirectory, "snapshots"), "*", SearchOption.AllDirectories).Count();

    public static ReportedPicture Picture(byte[] jpeg) => new()
    {
        Jpeg = jpeg,
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(jpeg)),
        TakenAt = TestClock.Noon,
        CameraName = "phone",
        Quality = FrameQuality.Good,
    };

    public async Task NothingIsAddedAsync()
    {
        Assert.Equal(0, await App.ReadAsync(db => db.ImageLog.CountAsync()));
        Assert.Equal(0, await App.ReadAsync(db => db.Snapshots.CountAsync()));
        Assert.DoesNotContain(" ERR ", App.Log(), StringComparison.Ordinal);
        Assert.DoesNotContain(Token, App.Log(), StringComparison.Ordinal);
    }
}

using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Forwarding;

/// <summary>The process of a device is killed while it reports, and started again.</summary>
public sealed class KilledDeviceTests : IDisposable
{
    private const int Entries = 3;

    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;

    private string Data => Path.Combine(_directory, "data");

    [Fact]
    public async Task Device_that_is_killed_before_the_answer_comes_loses_nothing_and_reports_nothing_twice()
    {
        await using var central = await SentinelCamApp.StartAsync();
        using var ann = await central.RegisterAnnAsync();
        var token = await central.EnrolAsync(ann, DevicePair.Laptop, false, SentinelCamApp.AnnsEmail);
        await using var proxy = await LossyProxy.StartAsync(central.Address);
        (string, string?)[] settings = [("Forward:Url", $"{proxy.Address}"), ("Forward:Token", token)];
        var held = new TaskCompletionSource();
        proxy.HoldsBackUntil = held.Task;
        await using (var device = SentinelCamProcess.Start(Data, settings))
        {
            using var visitor = new WebVisitor(await device.Address, "Tests/1.0");
            await visitor.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
            await visitor.SignOutAsync();
            for (var i = 0; i < Entries; i++)
                await visitor.SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password");
            // The first report is in the central database, and the device does not know it
            await central.WaitForAsync(db => db.ImageLog.CountAsync(), count => count == 1);
            await device.KillAsync();
        }

        Assert.Equal(["Sending"], StoredData.Query(Data, "SELECT State FROM Forwards WHERE State <> 'Waiting'"));
        held.SetResult();
        await using (var device = SentinelCamProcess.Start(Data, settings))
        {
            await device.Address;
            await Eventually.GetAsync(
                () => StoredData.Query(Data, """
                    SELECT CAST(COUNT(*) AS TEXT) FROM Forwards f JOIN ImageLog e ON e.Id = f.EntryId
                        WHERE f.State = 'Done' AND e.CaptureState <> 'Waiting'
                    """),
                done => done is [var count] && count == $"{Entries}", () => device.Said);
        }

        Assert.Equal(Entries, await central.ReadAsync(db => db.ImageLog.CountAsync()));
        Assert.Equal(Entries, await central.ReadAsync(db => db.ReportingDevices.Select(d => d.Received).SingleAsync()));
        Assert.Equal(
            StoredData.Query(Data, "SELECT Sha256 FROM Snapshots WHERE EntryId IS NOT NULL").Order(),
            (await central.ReadAsync(
                db => db.Snapshots.Where(s => s.EntryId != null).Select(s => s.Sha256).ToListAsync())).Order());
        Assert.Empty(StoredData.Query(Data, "SELECT Id FROM Deliveries"));
        await central.WaitForAcceptedAsync(1);
        // The picture may have followed in a mail of its own
        Assert.Equal(1, await central.ReadAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.Attempt)));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}

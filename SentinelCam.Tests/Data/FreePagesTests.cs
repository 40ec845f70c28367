using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Data;

/// <summary>A database file whose free pages go back to the disk.</summary>
public class FreePagesTests
{
    [Fact]
    public async Task File_of_an_earlier_version_learns_to_give_pages_back()
    {
        await using var first = await SentinelCamApp.StartAsync();
        (await first.RegisterAnnAsync()).Dispose();
        Assert.Equal(2, await VacuumModeAsync(first));
        await first.StopAsync();
        await using (var db = StoredDatabase.Open(first.DataDirectory))
            await db.Database.ExecuteSqlRawAsync("PRAGMA auto_vacuum = NONE; VACUUM;", TestContext.Current.CancellationToken);

        await using var second = await first.StartAgainAsync();

        Assert.Equal(2, await VacuumModeAsync(second));
        Assert.Equal(1, await second.ReadAsync(db => db.Users.CountAsync()));
        Assert.Empty(await second.ReadAsync(db => db.FindFaultsAsync()));
    }

    private static Task<int> VacuumModeAsync(SentinelCamApp app) =>
        app.ReadAsync(db => db.Database.SqlQueryRaw<int>("SELECT auto_vacuum AS Value FROM pragma_auto_vacuum").SingleAsync());
}

using System.IO.Compression;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>Log-ins to the device in the image log: export and search.</summary>
public sealed class DeviceLogTests : IAsyncLifetime
{
    private readonly TestSpool _spool = TestSpool.Create();
    private SentinelCamApp _app = null!;
    private WebVisitor _ann = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, _spool.Settings);
        _ann = await _app.RegisterAnnAsync();
        _spool.Fail("su", "root", caller: "daemon", terminal: "pts/0");
        _spool.Fail("xscreensaver", "root", terminal: ":0");
        await _app.WaitForAsync(db => db.LoginAttempts.CountAsync(), count => count == 2);
    }

    public async ValueTask DisposeAsync()
    {
        _ann.Dispose();
        await _app.DisposeAsync();
        _spool.Dispose();
    }

    [Fact]
    public async Task Export_says_where_a_log_in_happened_through_which_program_and_who_called_it()
    {
        var answer = await _ann.GetAsync("/userdata?handler=Export");

        using var zip = new ZipArchive(new MemoryStream(answer.Body));
        using var table = new StreamReader(await zip.GetEntry("image-log.csv")!.OpenAsync(TestContext.Current.CancellationToken));
        var lines = (await table.ReadToEndAsync(TestContext.Current.CancellationToken)).Split("\r\n");
        Assert.EndsWith(",attempts,origin,service,caller,alert,answer,answered (UTC),answered through,device", lines[0],
            StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains(",\"AtDevice\",\"su\",\"daemon\",", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains(",\"AtDevice\",\"xscreensaver\",\"\",", StringComparison.Ordinal));
        using var json = await JsonDocument.ParseAsync(
            await zip.GetEntry("image-log.json")!.OpenAsync(TestContext.Current.CancellationToken),
            cancellationToken: TestContext.Current.CancellationToken);
        var su = json.RootElement.EnumerateArray().Single(entry => entry.GetProperty("service").GetString() == "su");
        Assert.Equal(
            ("AtDevice", "daemon"), (su.GetProperty("origin").GetString(), su.GetProperty("caller").GetString()));
    }

    [Theory]
    [InlineData("screensaver")]
    [InlineData("daemon")]
    public async Task Search_finds_program_and_caller(string text) =>
        Assert.Single((await _ann.GetAsync("/userdata?Q=" + text)).Document.QuerySelectorAll("#entries > li, li.entry"));
}

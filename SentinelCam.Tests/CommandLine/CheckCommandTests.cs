using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.CommandLine;

/// <summary>One line for each part, and an exit code for scripts.</summary>
public class CheckCommandTests
{
    [Fact]
    public async Task Everything_in_order_is_five_lines_and_exit_code_0_and_no_mail_is_sent()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var app = await WithPictureAsync();

        var run = await CommandRun.OfAsync(app.DataDirectory, null, server.Settings, "check");

        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Equal(
            [
                $"Configuration: valid; the data is in {app.DataDirectory}", "Database:      intact; 1 attempts",
                $"Pictures:      {await app.ReadAsync(db => db.Snapshots.CountAsync())}, all there and unchanged",
                "Camera:        a picture of 640x480 from demo",
                $"Mail:          127.0.0.1:{server.Port}: The server answers.",
            ],
            run.Lines);
        Assert.Equal((1, 0), (server.Connections, server.Messages.Count));
    }

    [Fact]
    public async Task Missing_and_altered_pictures_are_counted()
    {
        await using var app = await WithPictureAsync();
        var names = await app.ReadAsync(db => db.Snapshots.OrderBy(s => s.Id).Select(s => s.FileName).ToListAsync());
        var snapshots = Path.Combine(app.DataDirectory, "snapshots");
        File.Delete(Path.Combine(snapshots, names[0]));
        var missing = await CommandRun.OfAsync(app.DataDirectory, null, [], "check");
        await File.WriteAllBytesAsync(Path.Combine(snapshots, names[0]), [1, 2, 3], TestContext.Current.CancellationToken);

        var altered = await CommandRun.OfAsync(app.DataDirectory, null, [], "check");

        foreach (var run in new[] { missing, altered })
        {
            Assert.Equal(1, run.ExitCode);
            Assert.Equal($"Pictures:      NOT GOOD: 1 of {names.Count} are missing or damaged, such as {names[0]}. "
                + "Restore them from a backup.", run.Lines[2]);
        }
    }

    [Fact]
    public async Task Damaged_database_unreachable_mail_server_and_missing_camera_are_named()
    {
        await using var app = await WithPictureAsync();
        await app.StopAsync();
        await using (var file = File.OpenWrite(Path.Combine(app.DataDirectory, "sentinelcam.db")))
        {
            file.Position = file.Length / 2;
            await file.WriteAsync(Enumerable.Repeat((byte)0x55, 40_000).ToArray(), TestContext.Current.CancellationToken);
        }

        using var nobody = new ClosedPort();
        var run = await CommandRun.OfAsync(
            app.DataDirectory, null, [.. SmtpSettings.For(nobody.Number), ("Camera:Source", "http://127.0.0.1:1/")], "check");

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("Configuration: valid", run.Lines[0], StringComparison.Ordinal);
        Assert.StartsWith("Database:      NOT GOOD: ", run.Lines[1], StringComparison.Ordinal);
        Assert.StartsWith("Pictures:      NOT GOOD: not checked", run.Lines[2], StringComparison.Ordinal);
        Assert.StartsWith("Camera:        NOT GOOD: no picture from http://127.0.0.1:1/", run.Lines[3], StringComparison.Ordinal);
        Assert.StartsWith("Mail:          NOT GOOD: 127.0.0.1:", run.Lines[4], StringComparison.Ordinal);
        Assert.Equal((5, ""), (run.Lines.Length, run.Errors));
    }

    [Fact]
    public async Task Invalid_setting_is_the_only_line()
    {
        var run = await CommandRun.OfAsync("check", "--Retention:MaxAge=never");

        Assert.Equal((1, ""), (run.ExitCode, run.Errors));
        Assert.StartsWith("Configuration: NOT GOOD: Retention:MaxAge is \"never\". Allowed: ", Assert.Single(run.Lines),
            StringComparison.Ordinal);
    }

    private static async Task<SentinelCamApp> WithPictureAsync()
    {
        var clock = TestClock.AtNoon();
        var app = await AnnsApp.StartAsync(clock);
        await app.FailAndCaptureAsync(clock);
        return app;
    }
}

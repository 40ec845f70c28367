using System.Runtime.Versioning;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Data;
using SentinelCam.Device;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>What a user of the device can try: files like those that a screen lock writes.</summary>
[SupportedOSPlatform("linux")]
public sealed class SpoolAbuseTests : IAsyncLifetime
{
    private const uint Nobody = TestSpool.Nobody;

    private readonly TestSpool _spool = TestSpool.Create();
    private SentinelCamApp _app = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, _spool.Settings);
        using var ann = await _app.RegisterAnnAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _spool.Dispose();
    }

    [Fact]
    public async Task One_user_can_report_twenty_log_ins_a_minute()
    {
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 15; i++)
                _spool.Fail("i3lock", "nobody", owner: Nobody);
            await EmptyAsync();
        }

        _spool.Fail("su", "root");
        await EmptyAsync();

        Assert.Equal(SpoolSource.MaxFilesOfUser + 1, await _app.ReadAsync(db => db.LoginAttempts.CountAsync()));
        Assert.Equal(25, _app.Services.GetRequiredService<DeviceStatus>().Dropped);
        Assert.Single(_app.Log().Split('\n'), line => line.Contains("were dropped", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Success_with_a_forged_time_triggers_no_mail()
    {
        for (var i = 0; i < 3; i++)
            _spool.Fail("i3lock", "nobody", owner: Nobody);
        await CountAsync(3);

        // The limit counts the mails of the last hour
        for (var i = 0; i < 12; i++)
            _spool.Accept("i3lock", "nobody", owner: Nobody, at: DateTime.UtcNow.AddHours(-2));
        await EmptyAsync();

        Assert.Equal(3, await _app.ReadAsync(db => db.LoginAttempts.CountAsync()));
    }

    [Fact]
    public async Task Entry_of_a_file_with_a_forged_time_is_neither_before_1970_nor_in_the_future()
    {
        var begin = DateTimeOffset.UtcNow;
        _spool.Fail("i3lock", "nobody", owner: Nobody, at: new DateTime(1950, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        _spool.Fail("i3lock", "nobody", owner: Nobody, at: DateTime.UtcNow.AddYears(50));

        await CountAsync(2);
        var times = await _app.ReadAsync(db => db.ImageLog.OrderBy(e => e.At).Select(e => e.At).ToListAsync());
        Assert.InRange(times[0], DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddSeconds(1));
        Assert.InRange(times[1], begin, DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task Unfinished_files_that_claim_to_be_of_the_future_or_are_many_are_removed()
    {
        var forged = Path.Combine(_spool.Path, ".forged");
        await File.WriteAllTextAsync(forged, "1", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(forged, DateTime.UtcNow.AddYears(50));
        for (var i = 0; i < 1_500; i++)
        {
            var path = Path.Combine(_spool.Path, $".many{i}");
            await File.WriteAllTextAsync(path, "", TestContext.Current.CancellationToken);
            FileOwner.Change(path, new OsUser("", Nobody, Nobody));
        }

        _spool.Fail("su", "root");
        await Eventually.TrueAsync(() => _spool.Waiting.Count is > 0 and <= 1_000, () => _app.Log());
        Assert.False(File.Exists(forged));
        await CountAsync(1);
    }

    [Fact]
    public async Task File_with_the_name_and_time_of_another_users_hides_nothing()
    {
        var at = DateTime.UtcNow.AddSeconds(-5);
        var path = _spool.Fail("i3lock", "nobody", owner: Nobody, at: at);
        await CountAsync(1);
        await EmptyAsync();

        var unfinished = Path.Combine(_spool.Path, ".root");
        await File.WriteAllTextAsync(
            unfinished, "1\0failed\0login\0root\0\0\0tty1\0\0end\0", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(unfinished, at);
        File.Move(unfinished, path);

        await CountAsync(2);
    }

    [Fact]
    public async Task Report_of_a_user_who_is_assigned_to_nobody_delays_no_mail_about_another()
    {
        _spool.Fail("i3lock", "nobody", owner: Nobody);
        await CountAsync(1);
        _spool.Fail("login", "root", terminal: "tty1");

        await CountAsync(2);
        Assert.Equal(
            [ToldBy.OwnMail, ToldBy.OwnMail],
            await _app.ReadAsync(db => db.LoginAttempts.OrderBy(a => a.Id).Select(a => a.ToldBy).ToListAsync()));
    }

    [Fact]
    public async Task Remote_computer_that_calls_itself_many_is_mailed_at_once()
    {
        _spool.Fail("sshd", "root", host: Alert.ManyNetworks, terminal: "ssh");

        await CountAsync(1);
        Assert.Equal(ToldBy.OwnMail, await _app.ReadAsync(db => db.LoginAttempts.Select(a => a.ToldBy).SingleAsync()));
    }

    [Fact]
    public async Task Hostile_service_user_caller_and_host_add_no_header_and_no_line_to_mail_and_log()
    {
        const string Evil = "x\r\nBcc: eve@example.org\r\n\r\n<b>\u202e";
        _spool.Write(0, null, "1", "failed", Evil, Evil, Evil, Evil, Evil, Evil, "end");

        await Eventually.TrueAsync(() => _app.Mails().Count > 0, () => _app.Log());
        var mail = _app.Mails()[0];
        Assert.Equal(
            "Failed log-in to x Bcc: eve@example.org <b> with x Bcc: eve@example.org <b> on front door", mail.Subject);
        Assert.Empty(mail.Bcc);
        Assert.DoesNotContain(_app.Log().Split('\n'), line => line.StartsWith("Bcc", StringComparison.Ordinal));
        Assert.DoesNotContain("<b>", mail.HtmlBody, StringComparison.Ordinal);
        Assert.DoesNotContain("\u202e", mail.TextBody, StringComparison.Ordinal);
        using var ann = await _app.VisitAsAsync(SentinelCamApp.AnnsEmail);
        Assert.Empty((await ann.GetAsync("/userdata")).Document.QuerySelectorAll("#entries b"));
    }

    private Task CountAsync(int attempts) =>
        _app.WaitForAsync(db => db.LoginAttempts.CountAsync(), count => count >= attempts);

    private Task EmptyAsync() => Eventually.TrueAsync(() => _spool.Waiting.Count == 0, () => _app.Log());
}

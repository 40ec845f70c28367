using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using MimeKit;
using SentinelCam.Data;
using SentinelCam.Device;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>Who is told about which log-ins to the device, and when.</summary>
public sealed class DeviceAlertTests : IAsyncLifetime
{
    private const string Anns = SentinelCamApp.AnnsEmail;
    private const string Bens = "ben@example.org";

    private readonly TestSpool _spool = TestSpool.Create();
    private SentinelCamApp _app = null!;
    private WebVisitor _ann = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, _spool.Settings);
        // The administrator
        _ann = await _app.RegisterAnnAsync();
        var bensId = await _app.AddAccountAsync("Ben", Bens);
        await using var scope = _app.Services.CreateAsyncScope();
        Assert.True(await scope.ServiceProvider.GetRequiredService<DeviceRules>().AssignAsync("nobody", bensId));
    }

    public async ValueTask DisposeAsync()
    {
        _ann.Dispose();
        await _app.DisposeAsync();
        _spool.Dispose();
    }

    [Fact]
    public async Task First_failure_at_the_screen_lock_is_mailed_with_a_picture_to_the_owner_of_the_user()
    {
        _spool.Fail("i3lock", "nobody", terminal: ":0", owner: TestSpool.Nobody);

        var mail = (await MailsAsync(1))[0];
        Assert.Equal("Failed log-in to nobody at the screen lock of front door", mail.Subject);
        Assert.Equal(Bens, mail.To.Mailboxes.Single().Address);
        Assert.Contains("Someone tried to log in to nobody at the screen lock of front door and failed.",
            mail.TextBody!.OnOneLine(), StringComparison.Ordinal);
        Assert.Single(mail.Attachments);
    }

    [Fact]
    public async Task Failures_of_sudo_are_mailed_from_the_third_on_and_tell_who_typed()
    {
        for (var i = 0; i < 2; i++)
            _spool.Fail("sudo", "nobody", caller: "nobody", terminal: "pts/0");
        await CountAsync(2);
        Assert.Equal(
            [ToldBy.LaterMail, ToldBy.LaterMail],
            await _app.ReadAsync(db => db.LoginAttempts.Select(a => a.ToldBy).ToListAsync()));

        _spool.Fail("sudo", "nobody", caller: "daemon", terminal: "pts/0");

        var mail = (await MailsAsync(1))[0];
        Assert.Equal("Failed log-in to nobody with sudo on front door", mail.Subject);
        Assert.Contains("3 attempts to log in to nobody with sudo on front door failed one after another.",
            mail.TextBody!.OnOneLine(), StringComparison.Ordinal);
        Assert.Contains("typed by daemon", mail.TextBody!.OnOneLine(), StringComparison.Ordinal);
        Assert.Equal(3, mail.Attachments.Count());
    }

    [Fact]
    public async Task Users_who_are_assigned_to_nobody_and_unknown_names_go_to_the_administrators()
    {
        _spool.Fail("login", "root", terminal: "tty1");
        _spool.Fail("sshd", "", host: "203.0.113.9", terminal: "ssh");

        var mails = await MailsAsync(2);
        Assert.All(mails, mail => Assert.Equal(Anns, mail.To.Mailboxes.Single().Address));
        Assert.Equal(
            [
                "Failed log-in to root at the console of front door",
                "Failed log-in with an unknown user name over ssh on front door",
            ],
            mails.Select(mail => mail.Subject).Order(StringComparer.Ordinal));
        Assert.All(mails, mail => Assert.Contains("Assign one on the page Device.", mail.TextBody!.OnOneLine(),
            StringComparison.Ordinal));
    }

    [Fact]
    public async Task Log_in_over_ssh_is_mailed_with_its_address_and_without_a_picture_of_somebody_else()
    {
        _spool.Fail("sshd", "nobody", host: "203.0.113.9", terminal: "ssh");

        var mail = (await MailsAsync(1))[0];
        var text = mail.TextBody!.OnOneLine();
        Assert.Equal("Failed log-in to nobody over ssh on front door", mail.Subject);
        Assert.Contains("a remote address (203.0.113.9)", text, StringComparison.Ordinal);
        Assert.Contains("the camera would show somebody", text, StringComparison.Ordinal);
        Assert.Empty(mail.Attachments);
        Assert.Equal(AttemptOrigin.OverNetwork, await _app.ReadAsync(db => db.LoginAttempts.Select(a => a.Origin).SingleAsync()));
    }

    [Fact]
    public async Task Setting_makes_log_ins_over_the_network_photographed_too()
    {
        await using var app = await _app.StartAgainAsync(
            services: Household.CheapPasswords, settings: [.. _spool.Settings, ("Device:PhotographRemote", "true")]);

        _spool.Fail("sshd", "nobody", host: "203.0.113.9", terminal: "ssh");

        await app.WaitForAsync(db => db.Snapshots.CountAsync(), count => count > 0);
    }

    [Fact]
    public async Task Ssh_flood_then_one_failure_at_the_keyboard_is_mailed_at_once_with_a_picture()
    {
        for (var i = 0; i < 50; i++)
            _spool.Fail("sshd", "nobody", host: "203.0.113.9", terminal: "ssh");
        await CountAsync(50);
        _spool.Fail("lightdm", "nobody", terminal: ":0");

        var mail = (await MailsAsync(2)).Find(m => m.Subject == "Failed log-in to nobody at the log-in screen of front door");
        Assert.Single(mail!.Attachments);
    }

    [Fact]
    public async Task Ssh_flood_from_many_addresses_hides_no_failure_of_root_at_the_keyboard()
    {
        for (var i = 0; i < 20; i++)
            _spool.Fail("sshd", "root", host: $"203.0.113.{i + 1}", terminal: "ssh");
        await CountAsync(20);
        _spool.Fail("login", "root", terminal: "tty1");

        var mails = await MailsAsync(11);
        Assert.Contains(mails, mail => mail.Subject == "Failed log-in to root at the console of front door");
    }

    [Fact]
    public async Task Three_failures_at_the_device_then_success_is_mailed()
    {
        for (var i = 0; i < 3; i++)
            _spool.Fail("i3lock", "nobody", owner: TestSpool.Nobody);
        await CountAsync(3);
        _spool.Accept("i3lock", "nobody", owner: TestSpool.Nobody);

        var mail = (await MailsAsync(2)).Find(
            m => m.Subject == "Log-in to nobody at the screen lock of front door SUCCEEDED after 3 failures");
        Assert.Contains("Go to the device, end that session", mail!.TextBody!.OnOneLine(), StringComparison.Ordinal);
        Assert.Single(mail.Attachments);
    }

    [Fact]
    public async Task Three_remote_failures_then_success_at_the_device_is_not_mailed_nor_after_those_of_others()
    {
        for (var i = 0; i < 3; i++)
        {
            _spool.Fail("sshd", "nobody", host: "203.0.113.9", terminal: "ssh");
            _spool.Fail("su", "root", caller: "nobody");
            await _app.SubmitAsync(Bens, passwordIsRight: false);
        }

        await CountAsync(9);
        // At the device there was no failure, root's were another user's, and the web page has a password of its own
        _spool.Accept("lightdm", "nobody");
        _spool.Accept("su", "daemon");
        await Eventually.TrueAsync(() => _spool.Waiting.Count == 0);
        Assert.Equal(9, await _app.ReadAsync(db => db.LoginAttempts.CountAsync()));

        // Three failures over ssh are none on the web page
        var eves = await _app.AddAccountAsync("Eve", "eve@example.org");
        await using var scope = _app.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<DeviceRules>().AssignAsync("daemon", eves);
        for (var i = 0; i < 3; i++)
            _spool.Fail("sshd", "daemon", host: "203.0.113.9", terminal: "ssh");
        await CountAsync(12);
        Assert.Null((await _app.SubmitAsync("eve@example.org", passwordIsRight: true)).EntryId);
    }

    [Fact]
    public async Task Wrong_passwords_of_the_device_never_lock_the_account_on_the_web_page()
    {
        for (var i = 0; i < 20; i++)
            _spool.Fail("i3lock", "nobody", owner: TestSpool.Nobody);
        await CountAsync(20);

        using var ben = await _app.VisitAsAsync(Bens);
        Assert.Equal(0, await _app.ReadAsync(
            db => db.Users.Where(a => a.Email == Bens).Select(a => a.AccessFailedCount).SingleAsync()));
    }

    [Fact]
    public async Task Program_that_is_switched_off_is_not_recorded_and_an_owner_chooses_the_failure_that_is_mailed()
    {
        await using (var scope = _app.Services.CreateAsyncScope())
        {
            var rules = scope.ServiceProvider.GetRequiredService<DeviceRules>();
            await rules.ChangeServicesAsync(null, [new ServiceRule(DeviceService.Su, 3, IsOff: true)]);
            var bensId = await _app.ReadAsync(db => db.Users.Where(a => a.Email == Bens).Select(a => a.Id).SingleAsync());
            await rules.ChangeServicesAsync(bensId, [new ServiceRule(DeviceService.Sudo, 1, IsOff: false)]);
        }

        _spool.Fail("su", "nobody");
        _spool.Fail("sudo", "nobody");

        Assert.Equal("Failed log-in to nobody with sudo on front door", (await MailsAsync(1))[0].Subject);
        Assert.Equal(1, await _app.ReadAsync(db => db.LoginAttempts.CountAsync()));
    }

    private Task CountAsync(int attempts) =>
        _app.WaitForAsync(db => db.LoginAttempts.CountAsync(), count => count >= attempts);

    /// <summary>The mails about log-ins, once there are as many as expected.</summary>
    private async Task<List<MimeMessage>> MailsAsync(int count)
    {
        List<MimeMessage> mails = [];
        await Eventually.TrueAsync(() =>
        {
            mails = _app.Mails().FindAll(mail => mail.Subject!.Contains("log-in to", StringComparison.OrdinalIgnoreCase)
                || mail.Subject.Contains("log-in with", StringComparison.Ordinal));
            return mails.Count >= count;
        }, () => _app.Log());
        return mails;
    }
}

using Microsoft.EntityFrameworkCore;
using MimeKit;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests;

/// <summary>
/// Real log-in programs with PAM's own delay, the app as its own process beside them, a camera whose pictures show the time, and
/// a mail server.
/// </summary>
[Trait("Database", "Both")]
public sealed class DeviceStoryTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wrong_password_at_su_is_photographed_before_su_answers_and_mailed_to_the_owner()
    {
        Assert.SkipUnless(TimeCode.IsAvailable, TimeCode.Why);
        Assert.SkipUnless(OpenSmtpd.IsAvailable, OpenSmtpd.Why);
        await using var site = await TestSite.CreateAsync();
        using var device = new InstalledDevice();
        var sandbox = await device.OpenAsync();
        // PAM's own delay, as on any device
        await sandbox.ShellAsync("sed -i 's/ nodelay//' /etc/pam.d/common-auth");
        await using var camera = await TimedCamera.StartAsync();
        var mailServer = await OpenSmtpd.StartAsync(Cancelled);
        await using var app = SentinelCamProcess.StartIn(
            sandbox, site.Data,
            [
                ("Camera:Source", camera.Url.ToString()), ("Camera:Warm", "Always"), ("Camera:Name", "front-desk"),
                .. mailServer.Settings,
            ]);
        using var ann = new WebVisitor(await app.Address, "Tests/1.0");
        Assert.Equal("/dashboard", (await ann.RegisterAsync(
            "Ann", OpenSmtpd.AddressFor("device-ann"), SentinelCamApp.Password)).Path);
        await AssignAsync(ann, "ann", alertFromOfSu: 1);
        // The mail about the assignment
        await mailServer.WaitForMailAsync("device-ann");

        var typedAt = DateTimeOffset.UtcNow;
        var refused = await sandbox.TalkAsync("ben", [("Password:", "a wrong password")], "su", "ann", "-c", "true");
        var answeredAt = DateTimeOffset.UtcNow;

        Assert.Equal(1, refused.ExitCode);
        var mails = await mailServer.WaitForMailsAsync("device-ann", 2);
        var mail = mails.Single(m => m.Subject!.Contains("log-in", StringComparison.Ordinal));
        Assert.Equal("Failed log-in to ann with su on front-desk", mail.Subject);
        Assert.Contains("Typed by: ben", mail.TextBody!.OnOneLine(), StringComparison.Ordinal);
        Assert.DoesNotContain("a wrong password", mail.ToString(), StringComparison.Ordinal);
        var jpeg = Assert.IsType<MimePart>(Assert.Single(mail.Attachments)).Bytes();
        Assert.InRange(TimeCode.Read(jpeg), typedAt, answeredAt);
    }

    [Fact]
    public async Task Killed_app_records_what_happened_meanwhile_once_and_keeps_no_password_that_was_typed_as_a_name()
    {
        await using var site = await TestSite.CreateAsync();
        using var device = new InstalledDevice();
        var sandbox = await device.OpenAsync();
        var ssh = new SandboxSsh(sandbox);
        await ssh.StartAsync();
        var app = SentinelCamProcess.StartIn(sandbox, site.Data);
        try
        {
            using var ann = new WebVisitor(await app.Address, "Tests/1.0");
            Assert.Equal("/dashboard", (await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
            await AssignAsync(ann, "ben");
            await app.KillAsync();

            await sandbox.TalkAsync("root", [("login: ", "my secret"), ("Password: ", "x"), ("login: ", "ann"),
                ("Password: ", DeviceSandbox.Password), ("$ ", "exit")], "login");
            await ssh.SignInAsync("my secret", "wrong");
            await sandbox.TalkAsync("ben", [("Password:", "wrong")], "su", "ann", "-c", "true");
            await app.DisposeAsync();
            app = SentinelCamProcess.StartIn(sandbox, site.Data);
            await AttemptsAsync(site, app, 5);
            var screen = await SandboxScreen.StartAsync(sandbox);
            await screen.LockAsync("ben");
            await screen.TypeAsync("wrong");
            await AttemptsAsync(site, app, 6);
            var status = await sandbox.SentinelCamAsync(
                PostgresServer.Of(site.Data), "device", "status", $"--DataDirectory={site.Data}", "--user=sentinelcam");
            Assert.Contains("failed log-in to ben at the screen lock", status.Output, StringComparison.Ordinal);
            Assert.Contains($"ben is assigned to {SentinelCamApp.AnnsEmail}", status.Output, StringComparison.Ordinal);
        }
        finally
        {
            await app.DisposeAsync();
        }

        await using var db = site.Open();
        var attempts = await db.LoginAttempts.AsNoTracking().OrderBy(a => a.At).ToListAsync(Cancelled);
        Assert.Equal(
            [
                ("login", "", AttemptOrigin.AtDevice), ("sshd", "", AttemptOrigin.OverNetwork),
                ("sshd", "", AttemptOrigin.OverNetwork), ("sshd", "", AttemptOrigin.OverNetwork),
                ("su", "ann", AttemptOrigin.AtDevice), ("i3lock", "ben", AttemptOrigin.AtDevice),
            ],
            attempts.Select(a => (a.Service!, a.AccountTyped, a.Origin)));
        Assert.Equal(1, attempts[^1].OwnerId);
        Assert.All(await site.ReadAllAsync(), stored => Assert.DoesNotContain("my secret", stored, StringComparison.Ordinal));

        Assert.Empty(await sandbox.EventsAsync());
    }

    private static async Task AssignAsync(WebVisitor ann, string user, int? alertFromOfSu = null)
    {
        var page = await ann.GetAsync("/admin/device");
        var accountId = page.Document.QuerySelector("#AccountId option")!.GetAttribute("value")!;
        var assigned = await ann.PostAsync("/admin/device?handler=Assign",
            [new("__RequestVerificationToken", page.Token), new("DeviceUser", user), new("AccountId", accountId)]);
        Assert.Contains("The user was assigned.", assigned.Main, StringComparison.Ordinal);
        if (alertFromOfSu is not { } number)
            return;
        var services = Enum.GetValues<DeviceService>();
        var saved = await ann.PostAsync("/settings?handler=Device",
        [
            new("__RequestVerificationToken", page.Token),
            .. services.Select(service => new KeyValuePair<string, string>($"From[{service}]", $"{number}")),
        ]);
        Assert.Contains("were saved", saved.Main, StringComparison.Ordinal);
    }

    private static Task AttemptsAsync(TestSite site, SentinelCamProcess app, int count) => Eventually.TrueAsync(async () =>
    {
        await using var db = site.Open();
        return await db.LoginAttempts.CountAsync() >= count;
    }, () => app.Said);
}

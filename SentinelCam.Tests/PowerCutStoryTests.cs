using SentinelCam.Tests.Support;

namespace SentinelCam.Tests;

/// <summary>The process is killed between attempt and mail, and started again. So is its PostgreSQL.</summary>
[Trait("Database", "Both")]
public sealed class PowerCutStoryTests : IAsyncLifetime
{
    private TestSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await TestSite.CreateAsync(losesPower: true);

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task After_a_kill_right_after_the_answer_the_mail_arrives_once()
    {
        Assert.SkipUnless(OpenSmtpd.IsAvailable, OpenSmtpd.Why);
        var mailServer = await OpenSmtpd.StartAsync(TestContext.Current.CancellationToken);
        var email = OpenSmtpd.AddressFor("killed-early");
        // A camera that accepts connections and stays silent keeps the capture running until the kill
        using var silent = new SilentServer();

        await FailToSignInAndKillAsync(
            email, () => true, [("Camera:Source", $"http://127.0.0.1:{silent.Port}/"), .. mailServer.Settings]);
        Assert.Empty(mailServer.Mails("killed-early"));

        await MailComesOnceAsync(mailServer, "killed-early");
    }

    [Fact]
    public async Task After_a_kill_while_sending_the_mail_arrives_once()
    {
        Assert.SkipUnless(OpenSmtpd.IsAvailable, OpenSmtpd.Why);
        var mailServer = await OpenSmtpd.StartAsync(TestContext.Current.CancellationToken);
        var email = OpenSmtpd.AddressFor("killed-late");
        await using var hanging = ScriptedSmtpServer.Start(new SmtpScript().On(SmtpStage.MailFrom, SmtpAction.Silence));

        await FailToSignInAndKillAsync(
            email, () => hanging.Dialogue.Any(line => line.StartsWith("C: MAIL", StringComparison.Ordinal)), hanging.Settings);

        await MailComesOnceAsync(mailServer, "killed-late");
    }

    private async Task FailToSignInAndKillAsync(string email, Func<bool> killNow, (string, string?)[] settings)
    {
        await using var app = SentinelCamProcess.Start(_site.Data, settings);
        using var ann = new WebVisitor(await app.Address, "Tests/1.0");
        await ann.RegisterAsync("Ann", email, SentinelCamApp.Password);
        await ann.SignOutAsync();
        await ann.SignInAsync(email, "a wrong password");
        await Eventually.TrueAsync(killNow, () => app.Said);
        await _site.CutPowerAsync(app);
    }

    private async Task MailComesOnceAsync(OpenSmtpd mailServer, string name)
    {
        await using var app = SentinelCamProcess.Start(_site.Data, mailServer.Settings);
        using var ann = new WebVisitor(await app.Address, "Tests/1.0");
        var mail = await mailServer.WaitForMailAsync(name);
        Assert.Single(mail.Attachments);

        // The jobs that the killed process held run again, too, and find nothing left to do
        await Eventually.GetAsync(_site.CountJobsAsync, jobs => jobs == 0, () => app.Said, patience: TimeSpan.FromSeconds(90));
        Assert.Single(mailServer.Mails(name));

        await ann.SignInAsync(OpenSmtpd.AddressFor(name), SentinelCamApp.Password);
        var log = (await ann.GetAsync("/userdata")).Main;
        Assert.Contains("wrong password for", log, StringComparison.Ordinal);
        Assert.Contains(": sent to", log, StringComparison.Ordinal);
    }

    private sealed class SilentServer : IDisposable
    {
        private readonly System.Net.Sockets.TcpListener _listener = new(System.Net.IPAddress.Loopback, 0);

        public SilentServer() => _listener.Start();

        public int Port => ((System.Net.IPEndPoint)_listener.LocalEndpoint).Port;

        public void Dispose() => _listener.Dispose();
    }
}

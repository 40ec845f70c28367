using System.Net;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Accounts;

/// <summary>Keys that a power cut or a person has damaged are set aside at start, and a new one is made.</summary>
public sealed class KeyFilesTests : IAsyncDisposable
{
    private SentinelCamApp? _app;

    private string Keys => Path.Combine(_app!.DataDirectory, "keys");

    [Theory]
    [InlineData("empty", "")]
    [InlineData("blank", "\n \n")]
    [InlineData("zeros", "\0\0\0\0\0\0\0\0\0\0\0\0")]
    [InlineData("text", "this is no XML")]
    [InlineData("unclosed", "<key id=\"80732141-ec8f-4b80-af9c-c4d2d1ff8901\" version=\"1\">")]
    [InlineData("other root", "<?xml version=\"1.0\"?><html><body /></html>")]
    [InlineData("no elements", "<key id=\"80732141-ec8f-4b80-af9c-c4d2d1ff8901\" version=\"1\" />")]
    [InlineData("no attributes", "<key />")]
    [InlineData("entity", "<!DOCTYPE key [<!ENTITY x \"y\">]><key>&x;</key>")]
    public async Task Damaged_key_is_set_aside_and_everyone_can_sign_in(string kind, string content)
    {
        await StartAndStopAsync();
        var key = Assert.Single(Directory.GetFiles(Keys));
        await File.WriteAllTextAsync(key, content, TestContext.Current.CancellationToken);

        await StartAgainAndSignInAsync();

        Assert.True(File.Exists(key + ".damaged"), kind);
        Assert.Single(Directory.GetFiles(Keys, "*.xml"));
        Assert.Single(_app!.Log().Split('\n'), line => line.Contains("Unreadable keys were set aside", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("cut in half", "half")]
    [InlineData("no master key", "masterKey")]
    [InlineData("no secret", "value")]
    [InlineData("no descriptor", "descriptor")]
    [InlineData("no dates", "activationDate")]
    public async Task Half_a_key_is_set_aside(string kind, string missing)
    {
        await StartAndStopAsync();
        var key = Assert.Single(Directory.GetFiles(Keys));
        var text = await File.ReadAllTextAsync(key, TestContext.Current.CancellationToken);
        if (missing == "half")
        {
            text = text[..(text.Length / 2)];
        }
        else
        {
            var element = System.Xml.Linq.XElement.Parse(text);
            element.Descendants(missing).First().Remove();
            text = element.ToString();
        }

        await File.WriteAllTextAsync(key, text, TestContext.Current.CancellationToken);

        await StartAgainAndSignInAsync();

        Assert.True(File.Exists(key + ".damaged"), kind);
    }

    [Fact]
    public async Task Good_key_beside_bad_ones_keeps_everyone_signed_in()
    {
        _app = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        (await _app.RegisterAnnAsync()).Dispose();
        var (cookies, form) = await RawHttp.LoginFormAsync(_app, SentinelCamApp.AnnsEmail);
        await _app.StopAsync();
        var key = Assert.Single(Directory.GetFiles(Keys));
        File.Copy(key, Path.Combine(Keys, "key-copy.xml"));
        Directory.CreateDirectory(Path.Combine(Keys, "folder.xml"));
        File.CreateSymbolicLink(Path.Combine(Keys, "nowhere.xml"), "/nowhere/at/all");
        await File.WriteAllBytesAsync(
            Path.Combine(Keys, "key-large.xml"), new byte[200_000], TestContext.Current.CancellationToken);

        await StartAgainAndSignInAsync();

        // The original or its copy, which are the same key
        var left = Assert.Single(Directory.GetFileSystemEntries(Keys, "*.xml"));
        Assert.Contains(Path.GetFileName(left), new[] { Path.GetFileName(key), "key-copy.xml" });
        // A form from before is still good
        var answer = await RawHttp.SendAsync(
            _app.Address, RawHttp.Post(_app.Address, "/login", cookies, form, "Tests/1.0"));
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unreadable_revocation_costs_all_keys()
    {
        await StartAndStopAsync();
        var key = Assert.Single(Directory.GetFiles(Keys));
        await File.WriteAllTextAsync(
            Path.Combine(Keys, "revocation-1.xml"), "<revocation", TestContext.Current.CancellationToken);

        await StartAgainAndSignInAsync();

        Assert.True(File.Exists(key + ".damaged"));
        Assert.True(File.Exists(Path.Combine(Keys, "revocation-1.xml.damaged")));
    }

    [Fact]
    public async Task Key_without_the_right_to_read_it_is_set_aside()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has access lists in place of modes");
        await StartAndStopAsync();
        var key = Assert.Single(Directory.GetFiles(Keys));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(key, UnixFileMode.None);

        await using var process = SentinelCamProcess.StartAsOrdinaryUser(_app!.DataDirectory);
        using var visitor = new WebVisitor(await process.Address, "Tests/1.0");

        Assert.Equal(HttpStatusCode.OK, (await visitor.GetAsync("/login")).Status);
        Assert.True(File.Exists(key + ".damaged"));
        Assert.Contains("not readable", process.Said, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
    }

    private async Task StartAndStopAsync()
    {
        _app = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        (await _app.RegisterAnnAsync()).Dispose();
        await _app.StopAsync();
    }

    private async Task StartAgainAndSignInAsync()
    {
        _app = await _app!.StartAgainAsync(services: Household.CheapPasswords);
        using var ann = _app.Visit();
        Assert.Equal(HttpStatusCode.OK, (await ann.GetAsync("/register")).Status);
        Assert.Equal("/login", (await ann.SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password")).Path);
        Assert.Equal("/dashboard", (await ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
        Assert.Equal(HttpStatusCode.OK, (await ann.GetAsync("/healthz")).Status);
    }
}

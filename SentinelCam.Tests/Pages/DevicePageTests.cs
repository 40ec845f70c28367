using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary><c>/admin/device</c>, and log-ins to the device in the log and under settings.</summary>
public sealed class DevicePageTests : IAsyncLifetime
{
    private readonly TestSpool _spool = TestSpool.Create();
    private SentinelCamApp _app = null!;
    private WebVisitor _ann = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, _spool.Settings);
        _ann = await _app.RegisterAnnAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _ann.Dispose();
        await _app.DisposeAsync();
        _spool.Dispose();
    }

    [Fact]
    public async Task Administrator_assigns_a_user_of_the_device_to_an_account_whose_owner_is_told()
    {
        var bobsId = await _app.AddAccountAsync("Bob", Household.Bobs);

        var assigned = await AssignAsync("nobody", bobsId);

        Assert.Contains("The user was assigned.", assigned.Main, StringComparison.Ordinal);
        Assert.Contains(Household.Bobs, assigned.Document.QuerySelector("section[aria-labelledby=users] td[data-of=Account]")!
            .TextContent, StringComparison.Ordinal);
        await _app.WaitForAcceptedAsync(1);
        Assert.Contains("failed log-ins to the device as its user nobody are now reported to you.",
            _app.MailsTo(Household.Bobs)[0].TextBody!.OnOneLine(), StringComparison.Ordinal);
        using var bob = await _app.VisitAsAsync(Household.Bobs);
        _spool.Fail("i3lock", "nobody", owner: TestSpool.Nobody);
        await EntriesAsync(1);
        Assert.Contains("Failed log-in", (await bob.GetAsync("/userdata")).Main, StringComparison.Ordinal);
        Assert.DoesNotContain("Failed log-in", (await _ann.GetAsync("/userdata")).Main, StringComparison.Ordinal);

        var unassigned = await AssignAsync("nobody", null);
        Assert.Contains("The user is no longer assigned.", unassigned.Main, StringComparison.Ordinal);
        Assert.Equal(0, await _app.ReadAsync(db => db.DeviceUsers.CountAsync()));
    }

    [Theory]
    [InlineData("", 1L)]
    [InlineData("no-such-user", 1L)]
    [InlineData("nobody", 999L)]
    [InlineData("<b>x</b>", 1L)]
    public async Task Assignment_that_cannot_be_made_says_what_to_enter(string user, long accountId)
    {
        var answer = await AssignAsync(user, accountId);

        Assert.Contains("Enter the name of a user of this device, and choose an account.", answer.Main, StringComparison.Ordinal);
        Assert.Equal(0, await _app.ReadAsync(db => db.DeviceUsers.CountAsync()));
    }

    [Fact]
    public async Task Administrator_chooses_programs_and_an_owner_only_numbers()
    {
        var page = await _ann.GetAsync("/admin/device");
        var numbers = page.Document.QuerySelectorAll("input[name^=From]").ToDictionary(
            input => input.GetAttribute("name")!, input => input.GetAttribute("value"));
        Assert.Equal(
            ["1", "1", "1", "3", "3", "3", "1", "1"],
            Enum.GetValues<DeviceService>().Select(service => numbers[$"From[{service}]"]));

        var saved = await SaveAsync("/admin/device?handler=Services", "2", watched: service => service is not DeviceService.Su);

        Assert.Contains("The programs were saved.", saved.Main, StringComparison.Ordinal);
        var rules = await _app.ReadAsync(db => db.DeviceRules.AsNoTracking().ToListAsync());
        Assert.All(rules, rule => Assert.Equal(
            (2, null, rule.Service is DeviceService.Su), (rule.AlertFrom, rule.OwnerId, rule.IsOff)));
        Assert.Equal(8, rules.Count);

        // An owner with a user of the device sees the programs that are watched, and cannot switch one off
        await AssignAsync("nobody", 1);
        var settings = await _ann.GetAsync("/settings");
        Assert.Equal(7, settings.Document.QuerySelectorAll("input[name^=From]").Length);
        Assert.Empty(settings.Document.QuerySelectorAll("input[name^=Watched]"));
        await SaveAsync("/settings?handler=Device", number: "4", watched: _ => false);
        var own = await _app.ReadAsync(db => db.DeviceRules.Where(rule => rule.OwnerId == 1).ToListAsync());
        Assert.Equal(7, own.Count);
        Assert.All(own, rule => Assert.Equal((4, false), (rule.AlertFrom, rule.IsOff)));
        await _app.WaitForAcceptedAsync(2);
        Assert.Contains(_app.MailsTo(SentinelCamApp.AnnsEmail), mail => mail.TextBody!.OnOneLine().Contains(
            "Screen lock: the first mail is now sent at failure number 4 of a burst. Before, it was number 2.",
            StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/admin/device?handler=Services", "0")]
    [InlineData("/admin/device?handler=Services", "11")]
    [InlineData("/settings?handler=Device", "two")]
    [InlineData("/settings?handler=Device", "")]
    public async Task Number_that_cannot_be_used_is_refused_in_words(string path, string number)
    {
        await AssignAsync("nobody", 1);

        var answer = await SaveAsync(path, number, _ => true);

        Assert.Contains("Screen lock: enter the number of the failure that sends the first email, 1 to 10.", answer.Main,
            StringComparison.Ordinal);
        Assert.Equal(0, await _app.ReadAsync(db => db.DeviceRules.CountAsync()));
    }

    [Fact]
    public async Task Page_shows_the_last_events_and_what_was_refused()
    {
        _spool.Fail("sudo", "root", caller: "nobody");
        _spool.Accept("sudo", "root");
        _spool.Fail("sudo", "nobody", owner: TestSpool.Nobody);
        await Eventually.TrueAsync(() => _spool.Waiting.Count == 0);

        var page = (await _ann.GetAsync("/admin/device")).Document;

        var events = page.QuerySelectorAll("section[aria-labelledby=events] tbody tr").Select(row => row.TextContent.OnOneLine());
        Assert.Equal(
            ["logged in", "failed"], events.Select(text => text[(text.IndexOf("sudo", StringComparison.Ordinal) + 5)..]));
        Assert.Contains("1: not from root, and not from a screen lock",
            page.QuerySelector("section[aria-labelledby=state]")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_names_the_user_the_program_and_the_place_and_can_be_filtered_by_it()
    {
        _spool.Fail("su", "root", caller: "daemon", terminal: "pts/0");
        _spool.Fail("sshd", "root", host: "203.0.113.9", terminal: "ssh");
        _spool.Fail("sshd", "", host: "<b>x</b>", terminal: "ssh");
        await _app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await EntriesAsync(4);

        Assert.Equal(["Failed sign-in: wrong password for ann@example.org from this device"], await TextsAsync("WebPage"));
        Assert.Equal(["Failed log-in to root with su by daemon"], await TextsAsync("AtDevice"));
        Assert.Equal(
            ["Failed log-in to root over ssh from 203.0.113.9", "Failed log-in with an unknown user name over ssh from <b>x</b>"],
            (await TextsAsync("OverNetwork")).Order(StringComparer.Ordinal));
        var all = await _ann.GetAsync("/userdata");
        Assert.Equal(
            ["at the device", "device, over the network", "device, over the network", "web page"],
            all.Document.QuerySelectorAll("svg.origin").Select(icon => icon.GetAttribute("aria-label"))
                .Order(StringComparer.Ordinal));
        var id = await _app.ReadAsync(
            db => db.ImageLog.Where(e => e.Origin == AttemptOrigin.AtDevice).Select(e => e.Id).SingleAsync());
        Assert.Contains("Failed log-in to root with su by daemon", (await _ann.GetAsync($"/userdata/{id}")).Document
            .QuerySelector(".viewer")!.TextContent.OnOneLine(), StringComparison.Ordinal);
    }

    private async Task<IEnumerable<string>> TextsAsync(string origin) =>
        (await _ann.GetAsync($"/userdata?Origin={origin}")).Document.QuerySelectorAll(".facts > p:first-child")
            .Select(line => line.TextContent.OnOneLine())
            .Select(text => text[text.IndexOf("Failed", StringComparison.Ordinal)..]);

    private Task EntriesAsync(int count) => _app.WaitForAsync(db => db.ImageLog.CountAsync(), found => found >= count);

    private async Task<WebAnswer> AssignAsync(string user, long? accountId)
    {
        var token = (await _ann.GetAsync("/admin/device")).Token;
        return await _ann.PostAsync("/admin/device?handler=Assign",
            [new("__RequestVerificationToken", token), new("DeviceUser", user), new("AccountId", $"{accountId}")]);
    }

    private async Task<WebAnswer> SaveAsync(string path, string number, Func<DeviceService, bool> watched)
    {
        var token = (await _ann.GetAsync("/admin/device")).Token;
        var services = Enum.GetValues<DeviceService>();
        return await _ann.PostAsync(path,
        [
            new("__RequestVerificationToken", token),
            .. services.Select(service => new KeyValuePair<string, string>($"From[{service}]", number)),
            .. services.Where(watched).Select(service => new KeyValuePair<string, string>($"Watched[{service}]", "true")),
        ]);
    }
}

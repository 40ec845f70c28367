using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Accounts;

/// <summary>Everything that happens to accounts leaves one line, which says who did it and contains no secret.</summary>
[Trait("Database", "Both")]
public sealed partial class ActivityStoryTests : IAsyncLifetime
{
    private const string Bobs = Household.Bobs;
    private const string Second = "carla@example.net";
    private const string Password = SentinelCamApp.Password;
    private const string NewPassword = "another horse, another battery";
    private const string CameraPassword = "letmein-camera";

    private readonly FakeTimeProvider _clock = TestClock.AtNoon();
    private readonly ScriptedSmtpServer _server = ScriptedSmtpServer.Start();
    private SentinelCamApp _app = null!;

    public async ValueTask InitializeAsync() => _app = await SentinelCamApp.StartAsync(
        _clock, Household.CheapPasswords, [.. _server.Settings, ("Site:PublicUrl", "https://cam.example.org"),
            ("Camera:Source", null), ("Camera:Warm", "Never")]);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Each_action_leaves_one_line_with_its_actor_and_no_secret()
    {
        using var ann = _app.Visit();
        using var bob = _app.Visit();
        using var reader = _app.Visit();
        const long Ann = 1, Bob = 2;
        Task Owner(ActivityKind kind, Func<Task> act, string detail = "", long account = Bob) =>
            OneLineAsync(kind, ActivityActor.Owner, account, account, detail, act);
        Task Visitor(ActivityKind kind, Func<Task> act, string detail = "") =>
            OneLineAsync(kind, ActivityActor.Visitor, Bob, null, detail, act);
        Task Administrator(ActivityKind kind, Func<Task> act, string detail = "") =>
            OneLineAsync(kind, ActivityActor.Administrator, Bob, Ann, detail, act);

        await OneLineAsync(ActivityKind.Registered, ActivityActor.Visitor, Ann, null, "the first account, an administrator",
            () => ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, Password));
        await Visitor(ActivityKind.Registered, () => bob.RegisterAsync("Bob", Bobs, Password));
        await Visitor(ActivityKind.AddressConfirmed, () => FollowAsync(reader, Bobs, "Confirm", "/confirm_address"));
        await Administrator(ActivityKind.AccountApproved, () => PostAsync(ann, $"/admin/accounts?handler=Approve&id={Bob}"));

        await Visitor(ActivityKind.FailedSignIns, () => bob.SignInAsync(Bobs, "a wrong password, typed"));
        // The second of a burst is counted by its alert
        await NoLineAsync(() => bob.SignInAsync(Bobs, "a wrong password, again"));
        await Owner(ActivityKind.SignedIn, () => bob.SignInAsync(Bobs, Password), "pwd");
        await Owner(ActivityKind.SignedOut, bob.SignOutAsync);
        await Owner(ActivityKind.SignedIn, () => bob.SignInAsync(Bobs, Password), "pwd");
        using var other = _app.Visit("Other/1.0");
        await Owner(ActivityKind.SignedIn, () => other.SignInAsync(Bobs, Password), "pwd");
        var session = await _app.ReadAsync(db => db.Sessions.OrderBy(s => s.Id).LastAsync());
        await Owner(ActivityKind.SessionEnded,
            () => PostAsync(bob, $"/settings/sessions?handler=End&id={session.Id}", "/settings/sessions"), "Other/1.0");
        await NoLineAsync(() => PostAsync(bob, "/settings/sessions?handler=EndSessions", "/settings/sessions"));
        await Owner(ActivityKind.SignedIn, () => other.SignInAsync(Bobs, Password), "pwd");
        await Owner(ActivityKind.OtherSessionsEnded,
            () => PostAsync(bob, "/settings/sessions?handler=EndSessions", "/settings/sessions"));

        await Owner(ActivityKind.PasswordChanged,
            () => bob.SubmitAsync("/settings/security", new { Current = Password, New = NewPassword }));
        bob.Proof = NewPassword;
        await Owner(ActivityKind.AlertSettingsChanged,
            () => bob.SubmitAsync("/settings", new { AlertFrom = "3", QuietMinutes = "10", TimeZone = "Europe/Berlin" },
                "/settings?handler=Alerts"),
            "first email at failure 3, quiet period 10 minutes, time zone Europe/Berlin");
        await NoLineAsync(() => bob.SubmitAsync(
            "/settings", new { AlertFrom = "3", QuietMinutes = "10", TimeZone = "Europe/Berlin" }, "/settings?handler=Alerts"));
        await Owner(ActivityKind.AlertSettingsChanged,
            () => bob.SubmitAsync("/settings",
                new { AlertFrom = "3", QuietMinutes = "10", TimeZone = "Europe/Berlin", PausedUntil = Tomorrow() },
                "/settings?handler=Alerts"),
            "paused until Wednesday, 2 January 2030 at 12:00 (Europe/Berlin, UTC+01:00)");
        await Owner(ActivityKind.RecipientAsked,
            () => bob.SubmitAsync("/settings", new { Recipient = Second }, "/settings?handler=Recipient"), "c…@example.net");
        await Visitor(ActivityKind.RecipientConfirmed, () => FollowAsync(reader, Second, "", null), "c…@example.net");
        await Owner(ActivityKind.RecipientRemoved,
            () => bob.SubmitAsync("/settings", new { }, "/settings?handler=RemoveRecipient"), "c…@example.net");
        await Owner(ActivityKind.TestAlertRequested, () => PostAsync(bob, "/test_alert"));
        await _app.WaitForCapturesAsync();

        var alert = await _app.ReadAsync(db => db.Alerts.Where(a => a.OwnerId == Bob).MinAsync(a => a.Id));
        await Owner(ActivityKind.AlertAnswered,
            () => PostAsync(bob, $"/alerts/{alert}?handler=Answer&answer=ItWasMe", $"/alerts/{alert}"), "ItWasMe");
        await NoLineAsync(() => PostAsync(bob, $"/alerts/{alert}?handler=Answer&answer=ItWasMe", $"/alerts/{alert}"));
        await Visitor(ActivityKind.AlertAnswered, () => AnswerAsync(reader), "NotMe");
        await Owner(ActivityKind.LogExported, () => bob.GetAsync("/userdata?handler=Export"));
        await Owner(ActivityKind.LogExported, () => bob.GetAsync($"/alerts/{alert}?handler=Export"));
        await Owner(ActivityKind.EntriesDeleted,
            () => PostAsync(bob, $"/alerts/{alert}?handler=Delete", "/settings"), "2");

        await Owner(ActivityKind.AddressChangeRequested,
            () => bob.SubmitAsync("/settings/address", new { Address = "robert@example.net", Password = NewPassword }),
            "r…@example.net");
        await Visitor(ActivityKind.AddressChanged,
            () => FollowAsync(reader, "robert@example.net", "Confirm your new address", "/confirm_address"), "r…@example.net");
        await Visitor(ActivityKind.AddressChangeUndone,
            () => FollowAsync(reader, Bobs, "has another address", "/undo_address"), "b…@example.org");
        await Visitor(ActivityKind.PasswordLinkRequested, async () =>
        {
            await reader.SubmitAsync("/forgot_password", new { Email = Bobs });
            await _server.WaitForAsync(Bobs, "Set a new password");
        });
        await Visitor(ActivityKind.PasswordReset,
            () => FollowAsync(reader, Bobs, "Set a new password", "/reset_password", new { New = "a third horse, a third one" }));

        await Administrator(ActivityKind.DeviceUserAssigned,
            () => ann.SubmitAsync(
                "/admin/device", new { DeviceUser = "nobody", AccountId = "2" }, "/admin/device?handler=Assign"), "nobody");
        await Administrator(ActivityKind.DeviceUserUnassigned,
            () => ann.SubmitAsync("/admin/device", new { DeviceUser = "nobody" }, "/admin/device?handler=Assign"), "nobody");
        await Owner(ActivityKind.CameraChosen, () => ann.SubmitAsync("/admin/camera",
            new { Source = $"http://user:{CameraPassword}@127.0.0.1:9/video" }), account: Ann);
        await Owner(ActivityKind.MailTested, () => PostAsync(ann, "/admin/mail?handler=Test", "/admin/mail"), account: Ann);
        await Owner(ActivityKind.ActivityExported,
            () => ann.GetAsync("/admin/activity?handler=Export&format=Csv"), account: Ann);
        await Administrator(ActivityKind.AccountSuspended, () => PostAsync(ann, $"/admin/accounts?handler=Suspend&id={Bob}"));
        await Administrator(ActivityKind.AccountRemoved,
            () => ann.SubmitAsync($"/admin/accounts/{Bob}", new { Address = Bobs }, $"/admin/accounts/{Bob}?handler=Delete"),
            "b…@example.org");
        await OneLineAsync(ActivityKind.PasswordReset, ActivityActor.CommandLine, Ann, null, "", () => CommandRun.OfAsync(
            _app.DataDirectory, NewPassword + "\n", [], "account", "reset-password", SentinelCamApp.AnnsEmail));

        await NoSecretAsync();
    }

    [Fact]
    public async Task Command_line_and_a_burst_at_no_account_leave_one_line()
    {
        using var ann = await _app.RegisterAnnAsync();
        var carol = await _app.AddAccountAsync("Carol", Household.Carols, approved: false);
        await OneLineAsync(ActivityKind.FailedSignIns, ActivityActor.Visitor, null, null, "n…@example.org", async () =>
        {
            for (var i = 0; i < 5; i++)
                await _app.FailToSignInAsync("nobody@example.org", "203.0.113.7", isCaptured: false);
        });
        await OneLineAsync(ActivityKind.AdministratorMade, ActivityActor.CommandLine, carol, null, "", () => CommandRun.OfAsync(
            _app.DataDirectory, null, [], "account", "make-administrator", Household.Carols));
    }

    [Fact]
    // The program backs up SQLite only. A PostgreSQL is restored with its own tools, which write no line
    [Trait("Pictures", "Files")]
    public async Task Restored_backup_says_so()
    {
        (await _app.RegisterAnnAsync()).Dispose();
        var file = Path.Combine(_app.DataDirectory, "..", "b.zip");
        var target = Path.Combine(_app.DataDirectory, "..", "restored");
        Assert.Equal(0, (await CommandRun.OfAsync(_app.DataDirectory, null, [], "backup", file)).ExitCode);
        Assert.Equal("", (await CommandRun.OfAsync(target, null, [], "restore", file)).Errors);

        await using var restored = new SqliteConnection($"Data Source={target}/sentinelcam.db;Pooling=false");
        await restored.OpenAsync(TestContext.Current.CancellationToken);
        var command = restored.CreateCommand();
        command.CommandText = "SELECT group_concat(Kind || ' ' || Actor || ' ' || Detail, ',') FROM AccountActivity "
            + "WHERE -Id IN (SELECT rowid FROM ActivitySearch)";
        Assert.Equal($"Registered Visitor the first account, an administrator,BackupRestored CommandLine {ProductVersion.Text}",
            await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    private async Task NoSecretAsync()
    {
        var lines = await _app.ReadAsync(db => db.Activity.AsNoTracking().ToListAsync());
        var text = string.Join('\n', lines.Select(line => $"{line.Detail} {line.RemoteAddress} {line.Browser}"));
        var hidden = await _app.ReadAsync(async db => new[]
        {
            await db.Users.Select(a => a.PasswordHash!).ToListAsync(), await db.Users.Select(a => a.SecurityStamp!).ToListAsync(),
            await db.Sessions.Select(s => s.KeyHash).ToListAsync(), await db.AccountLinks.Select(l => l.Key).ToListAsync(),
            await db.KnownBrowsers.Select(b => b.KeyHash).ToListAsync(),
        });
        string[] links = [.. _server.Mails.SelectMany(mail => Links().Matches(mail.TextBody ?? "")).Select(match => match.Value)];
        Assert.NotEmpty(links);
        foreach (var secret in hidden.SelectMany(values => values).Concat(links)
            .Concat([Password, NewPassword, "a third horse, a third one", "a wrong password", CameraPassword, Second, "http"]))
            Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase);
    }

    private Task OneLineAsync(
        ActivityKind kind, ActivityActor actor, long? account, long? actorId, string detail, Func<Task> act) =>
        LinesAsync(act, lines =>
        {
            var line = Assert.Single(lines);
            Assert.Equal(
                (kind, actor, account, actorId, detail), (line.Kind, line.Actor, line.AccountId, line.ActorId, line.Detail));
            Assert.Equal(actor is ActivityActor.CommandLine, line.RemoteAddress.Length == 0 && line.Browser.Length == 0);
        });

    private Task NoLineAsync(Func<Task> act) => LinesAsync(act, Assert.Empty);

    private async Task LinesAsync(Func<Task> act, Action<List<AccountActivity>> check)
    {
        var before = await _app.ReadAsync(db => db.Activity.MaxAsync(a => (long?)a.Id)) ?? 0;
        await act();
        check(await _app.ReadAsync(db => db.Activity.AsNoTracking().Where(a => a.Id > before).ToListAsync()));
    }

    private static async Task PostAsync(WebVisitor visitor, string path, string? page = null)
    {
        var token = (await visitor.GetAsync(page ?? path.Split('?')[0])).Token;
        var answer = await visitor.PostAsync(path, [new("__RequestVerificationToken", token)]);
        Assert.True((int)answer.Status < 400, $"{path}: {answer.Status}");
    }

    /// <summary>Opens the link of the last mail to an address, and submits its form.</summary>
    private async Task FollowAsync(WebVisitor visitor, string address, string subject, string? action, object? fields = null)
    {
        var mails = await _server.WaitForAsync(address, subject);
        var link = Links().Matches(mails[^1].TextBody!).Select(match => match.Value).First(url => url.Contains("token"));
        var page = await visitor.GetAsync(new Uri(link).PathAndQuery);
        await visitor.SubmitAsync(page, fields ?? new { }, action);
    }

    private async Task AnswerAsync(WebVisitor visitor)
    {
        var mail = await Eventually.GetAsync(() => _server.Mails.LastOrDefault(mail =>
            (mail.TextBody ?? "").Contains("was_it_you", StringComparison.Ordinal)), mail => mail is not null);
        var link = Links().Matches(mail!.TextBody!).Select(match => match.Value).First(url => url.Contains("was_it_you"));
        var page = await visitor.GetAsync(new Uri(link).PathAndQuery);
        await visitor.SubmitAsync(page, new { Answer = "NotMe" }, "/was_it_you");
    }

    private string Tomorrow() => _clock.GetUtcNow().AddDays(1).ToString("yyyy-MM-ddTHH:mm", null);

    [GeneratedRegex(@"https?://[^\s<>""]+")]
    private static partial Regex Links();
}

using System.Net;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>Pages and forms while <c>sentinelcam.db</c> cannot be read.</summary>
public sealed class UnreadableDatabaseTests
{
    private const string Words = "Nobody can sign in right now: SentinelCam cannot write to its database";

    private const int PageBytes = 4096;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>A folder in its place cannot be opened, a text is no database, and one without its pages is corrupt.</summary>
    [Theory]
    [InlineData("a folder", "SQLite Error 14")]
    [InlineData("a text", "SQLite Error 26")]
    [InlineData("damaged", "SQLite Error 11")]
    public async Task Everybody_gets_503_in_the_same_words_and_nobody_gets_in(string what, string error)
    {
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(clock);
        using var ann = await app.RegisterAnnAsync();
        using var visitor = app.Visit();
        var form = await visitor.GetAsync("/login");
        var settings = await ann.GetAsync("/settings");
        KeyValuePair<string, string>[] token = [new("__RequestVerificationToken", form.Token)];
        KeyValuePair<string, string>[] annsToken = [new("__RequestVerificationToken", settings.Token)];
        var whole = await TakeAwayAsync(app, what);
        // A session that was just read is believed for a second
        clock.Advance(TimeSpan.FromSeconds(2));

        var known = await SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password");
        var unknown = await SignInAsync("nobody@example.org", "a wrong password");
        var right = await SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
        WebAnswer[] answers =
        [
            known, unknown, right,
            await visitor.GetAsync("/register"),
            await visitor.PostAsync("/register", [.. token, new("UserName", "Carol"), new("Email", Household.Carols),
                new("Password", "another horse, another battery")]),
            await ann.GetAsync("/"), await ann.GetAsync("/dashboard"), await ann.GetAsync("/userdata"),
            await ann.GetAsync("/settings"), await ann.GetAsync("/admin/accounts"), await ann.GetAsync("/hangfire"),
            await ann.GetAsync("/snapshots/1"), await ann.PostAsync("/capture", annsToken),
            await ann.PostAsync("/capture", annsToken, ("HX-Request", "true")), await ann.PostAsync("/logout", annsToken),
            await ann.PostAsync(
                "/login", [.. token, new("Email", SentinelCamApp.AnnsEmail), new("Password", SentinelCamApp.Password)]),
        ];

        Assert.All(answers, answer =>
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
            Assert.Equal("60", answer.Headers["Retry-After"]);
            Assert.Contains(Words, answer.Main, StringComparison.Ordinal);
            Assert.DoesNotContain("SQLite", answer.Text, StringComparison.OrdinalIgnoreCase);
        });
        Assert.Equal(known.Neutral, right.Neutral);
        Assert.Equal(
            known.Neutral.Replace(SentinelCamApp.AnnsEmail, "", StringComparison.Ordinal),
            unknown.Neutral.Replace("nobody@example.org", "", StringComparison.Ordinal));
        Assert.Contains(error, app.Log(), StringComparison.Ordinal);
        Assert.DoesNotContain("unhandled exception", app.Log(), StringComparison.OrdinalIgnoreCase);

        // Without a restart
        await PutBackAsync(app, whole);
        Assert.Equal("/dashboard", (await ann.GetAsync("/dashboard")).Path);
        Assert.Equal("/dashboard", (await visitor.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);

        Task<WebAnswer> SignInAsync(string email, string password) =>
            visitor.PostAsync("/login", [.. token, new("Email", email), new("Password", password)]);
    }

    /// <returns>The whole file.</returns>
    private static async Task<byte[]> TakeAwayAsync(SentinelCamApp app, string what)
    {
        await app.ReadAsync(db => db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(TRUNCATE)", Cancelled));
        var file = DatabaseOf(app);
        var whole = await File.ReadAllBytesAsync(file, Cancelled);
        foreach (var suffix in new[] { "", "-wal", "-shm" })
            File.Delete(file + suffix);
        if (what == "a folder")
            Directory.CreateDirectory(file);
        else
            await File.WriteAllBytesAsync(file, what == "a text"
                ? [.. Enumerable.Repeat((byte)'x', 3 * PageBytes)]
                : [.. whole.Take(PageBytes), .. Enumerable.Repeat((byte)'x', whole.Length - PageBytes)], Cancelled);
        await CloseConnectionsAsync(app);
        return whole;
    }

    private static async Task PutBackAsync(SentinelCamApp app, byte[] whole)
    {
        await CloseConnectionsAsync(app);
        var file = DatabaseOf(app);
        if (Directory.Exists(file))
            Directory.Delete(file);
        foreach (var suffix in new[] { "-wal", "-shm" })
            File.Delete(file + suffix);
        await File.WriteAllBytesAsync(file, whole, Cancelled);
        await CloseConnectionsAsync(app);
    }

    private static string DatabaseOf(SentinelCamApp app) => Path.Combine(app.DataDirectory, "sentinelcam.db");

    /// <summary>Those of its pool, which would go on reading a file that was deleted.</summary>
    private static Task CloseConnectionsAsync(SentinelCamApp app) => app.ReadAsync(db =>
    {
        SqliteConnection.ClearPool((SqliteConnection)db.Database.GetDbConnection());
        return Task.FromResult(true);
    });
}

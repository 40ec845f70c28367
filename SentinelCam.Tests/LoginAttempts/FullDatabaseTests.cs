using System.Data.Common;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.LoginAttempts;

/// <summary>Sign-ins that cannot be recorded because <c>sentinelcam.db</c> cannot grow.</summary>
public class FullDatabaseTests
{
    [Fact]
    public async Task Nobody_signs_in_unrecorded_and_everyone_sees_the_same_clear_page()
    {
        var disk = new FullDisk();
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(clock, services =>
        {
            Household.CheapPasswords(services);
            services.ConfigureDbContext<SentinelCamDbContext>(options => options.AddInterceptors(disk));
        });
        (await app.RegisterAnnAsync()).Dispose();
        await app.AddAccountAsync("Bob", Household.Bobs);
        using var visitor = app.Visit();
        var tries = 0;
        disk.IsFull = true;
        WebAnswer known, unknown;
        do
        {
            // The free space in the last pages is soon used up
            Assert.True(++tries < 1_000, "The database never fills up.");
            known = await visitor.SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password");
            unknown = await visitor.SignInAsync("nobody@example.org", "a wrong password");
        }
        while (known.Status != HttpStatusCode.ServiceUnavailable || unknown.Status != HttpStatusCode.ServiceUnavailable);

        Assert.Contains(
            "Nobody can sign in right now: SentinelCam cannot write to its database", known.Main, StringComparison.Ordinal);
        Assert.DoesNotContain("SQLite", known.Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(app.DataDirectory, known.Text, StringComparison.Ordinal);
        Assert.Equal(known.Neutral.Replace(SentinelCamApp.AnnsEmail, "", StringComparison.Ordinal),
            unknown.Neutral.Replace("nobody@example.org", "", StringComparison.Ordinal));
        Assert.DoesNotContain("unhandled exception", app.Log(), StringComparison.OrdinalIgnoreCase);

        // Uncounted guesses lead nowhere: for some time the right password gets the same answer as a wrong one
        for (var i = 0; i < 5; i++)
            await visitor.SignInAsync("nobody@example.org", "a wrong password");
        var right = await visitor.SignInAsync(Household.Bobs, SentinelCamApp.Password);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, right.Status);
        Assert.Equal(unknown.Neutral.Replace("nobody@example.org", "", StringComparison.Ordinal),
            right.Neutral.Replace(Household.Bobs, "", StringComparison.Ordinal));
        // Without further guesses the owner can sign in and make room
        clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal("/dashboard", (await visitor.SignInAsync(Household.Bobs, SentinelCamApp.Password)).Path);
        await visitor.SignOutAsync();

        // With free space everything works again
        disk.IsFull = false;
        Assert.Equal(HttpStatusCode.OK, (await visitor.SignInAsync("nobody@example.org", "a wrong password")).Status);
        await app.ReadAsync(db => db.Users.ExecuteUpdateAsync(set => set.SetProperty(a => a.LockoutEnd, (DateTimeOffset?)null)));
        Assert.Equal("/dashboard", (await visitor.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
    }

    [Fact]
    public async Task Passwords_of_an_open_session_are_refused_while_guesses_cannot_be_recorded()
    {
        const string Wanted = "another horse, another battery";
        var disk = new FullDisk();
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(clock, services =>
        {
            Household.CheapPasswords(services);
            services.ConfigureDbContext<SentinelCamDbContext>(options => options.AddInterceptors(disk));
        });
        using var ann = await app.RegisterAnnAsync();
        using var visitor = app.Visit();
        disk.IsFull = true;
        var tries = 0;
        while ((await visitor.SignInAsync("nobody@example.org", "a guess")).Status is not HttpStatusCode.ServiceUnavailable)
            Assert.True(++tries < 1_000, "The database never fills up.");

        var wrong = await ann.SubmitAsync("/settings/security", new { Current = "a wrong password", New = Wanted });
        for (var i = 0; i < 5; i++)
            await visitor.SignInAsync("nobody@example.org", "a guess");
        var right = await ann.SubmitAsync("/settings/security", new { Current = SentinelCamApp.Password, New = Wanted });

        foreach (var answer in new[] { wrong, right })
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
            Assert.Contains("SentinelCam cannot write to its database", answer.Main, StringComparison.Ordinal);
        }

        disk.IsFull = false;
        clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal("/dashboard", (await visitor.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
    }

    /// <summary>SQLite reports SQLITE_FULL when a database may have no more pages, as on a full disk.</summary>
    private sealed class FullDisk : DbConnectionInterceptor
    {
        public bool IsFull { get; set; }

        public override async Task ConnectionOpenedAsync(
            DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = IsFull ? "PRAGMA max_page_count = 1;" : "PRAGMA max_page_count = 1073741823;";
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}

using System.Diagnostics;
using System.Text;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.CommandLine;

/// <summary>An owner or an operator who cannot get in gets back in, while the site runs.</summary>
public class AccountCommandTests
{
    private const string NewPassword = "a new horse, a new staple";

    [Fact]
    public async Task Reset_password_beside_the_running_site_ends_all_sessions_and_tells_the_owner()
    {
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        var later = clock.GetUtcNow().AddMinutes(5);
        await app.ReadAsync(db => db.Users.ExecuteUpdateAsync(set => set.SetProperty(a => a.LockoutEnd, later)));

        var run = await CommandRun.OfAsync(
            app.DataDirectory, NewPassword + "\n", [], "account", "reset-password", "ANN@example.org");
        clock.Advance(TimeSpan.FromSeconds(61));

        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.DoesNotContain(NewPassword, run.Output, StringComparison.Ordinal);
        Assert.Equal("/login", (await ann.GetAsync("/dashboard")).Path);
        using var other = app.Visit();
        Assert.NotEqual("/dashboard", (await other.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
        Assert.Equal("/dashboard", (await other.SignInAsync(SentinelCamApp.AnnsEmail, NewPassword)).Path);
        Assert.Equal("A new password was set on the server. All sessions were signed out.",
            await app.ReadAsync(db => db.Deliveries.Where(d => d.Kind == MailKind.SettingsChanged)
                .Select(d => d.Changes).SingleAsync()));
    }

    [Fact]
    public async Task Terminal_does_not_show_the_password()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "the program script gives a command a terminal");
        await using var app = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        (await app.RegisterAnnAsync()).Dispose();

        var (exitCode, screen) = await TypeAsync(app.DataDirectory, NewPassword, NewPassword);
        var (otherExitCode, otherScreen) = await TypeAsync(app.DataDirectory, NewPassword, NewPassword + "!");

        Assert.Equal((0, 1), (exitCode, otherExitCode));
        Assert.Contains("New password:", screen, StringComparison.Ordinal);
        Assert.Contains("The two passwords differ", otherScreen, StringComparison.Ordinal);
        Assert.DoesNotContain(NewPassword, screen + otherScreen, StringComparison.Ordinal);
        using var ann = app.Visit();
        Assert.Equal("/dashboard", (await ann.SignInAsync(SentinelCamApp.AnnsEmail, NewPassword)).Path);
    }

    [Theory]
    [InlineData(2, "Enter a password of 12 to 128 characters. Nothing was changed.", "too short\n", SentinelCamApp.AnnsEmail)]
    [InlineData(2, "on the lists of common passwords", "password1234\n", SentinelCamApp.AnnsEmail)]
    [InlineData(2, "This password is easy to guess", "Ann@example.org!\n", SentinelCamApp.AnnsEmail)]
    [InlineData(1, "there was none", "", SentinelCamApp.AnnsEmail)]
    [InlineData(1, "There is no account nobody@example.org.", NewPassword + "\n", "nobody@example.org")]
    public async Task What_cannot_be_done_is_one_line_and_changes_nothing(
        int exitCode, string problem, string input, string address)
    {
        await using var app = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        (await app.RegisterAnnAsync()).Dispose();
        var before = await app.ReadAsync(db => db.Users.AsNoTracking().SingleAsync());

        var run = await CommandRun.OfAsync(app.DataDirectory, input, [], "account", "reset-password", address);

        Assert.Equal((exitCode, ""), (run.ExitCode, run.Output));
        Assert.Contains(problem, Assert.Single(run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);
        var after = await app.ReadAsync(db => db.Users.AsNoTracking().SingleAsync());
        Assert.Equal((before.ConcurrencyStamp, before.PasswordHash), (after.ConcurrencyStamp, after.PasswordHash));
    }

    [Fact]
    public async Task Reset_second_factor_lets_an_owner_without_app_and_codes_back_in_with_the_password()
    {
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        await AuthenticatorApp.TurnOnAsync(ann, clock);

        var run = await CommandRun.OfAsync(
            app.DataDirectory, null, [], "account", "reset-second-factor", SentinelCamApp.AnnsEmail);
        var again = await CommandRun.OfAsync(
            app.DataDirectory, null, [], "account", "reset-second-factor", SentinelCamApp.AnnsEmail);
        clock.Advance(TimeSpan.FromSeconds(61));

        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Equal((1, "ann@example.org has no second factor. Nothing was changed.\n"), (again.ExitCode, again.Errors));
        Assert.Equal("/login", (await ann.GetAsync("/dashboard")).Path);
        using var other = app.Visit();
        Assert.Equal("/dashboard", (await other.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
        Assert.Equal("The second factor was turned off on the server. All sessions were signed out.",
            await app.ReadAsync(db => db.Deliveries.Where(d => d.Kind == MailKind.SettingsChanged)
                .OrderByDescending(d => d.Id).Select(d => d.Changes).FirstAsync()));
        Assert.Equal(ActivityActor.CommandLine, await app.ReadAsync(db => db.Activity
            .Where(a => a.Kind == SentinelCam.Data.ActivityKind.SecondFactorReset).Select(a => a.Actor).SingleAsync()));
    }

    [Fact]
    public async Task Account_that_waits_for_approval_becomes_an_administrator()
    {
        await using var app = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        (await app.RegisterAnnAsync()).Dispose();
        await app.AddAccountAsync("Carol", Household.Carols, approved: false);

        var run = await CommandRun.OfAsync(
            null, null, [], "account", "make-administrator", Household.Carols, "--DataDirectory", app.DataDirectory);
        var again = await CommandRun.OfAsync(
            null, null, [], "account", "make-administrator", Household.Carols, $"--DataDirectory={app.DataDirectory}");

        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Equal((0, $"{Household.Carols} is an administrator already.\n"), (again.ExitCode, again.Output));
        using var carol = await app.VisitAsAsync(Household.Carols);
        Assert.Equal("/admin/accounts", (await carol.GetAsync("/admin/accounts")).Path);
    }

    [Theory]
    [InlineData("INSERT INTO __EFMigrationsHistory VALUES ('99990101000000_Future', '99.0')", "a newer SentinelCam")]
    [InlineData("DELETE FROM __EFMigrationsHistory WHERE MigrationId LIKE '%_FloodBounds'", "an older SentinelCam")]
    public async Task Database_of_another_version_stays_as_it_is(string change, string problem)
    {
        await using var app = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        (await app.RegisterAnnAsync()).Dispose();
        await app.ReadAsync(db => db.Database.ExecuteSqlRawAsync(change));

        var run = await CommandRun.OfAsync(
            app.DataDirectory, NewPassword, [], "account", "reset-password", SentinelCamApp.AnnsEmail);

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains(problem, run.Errors, StringComparison.Ordinal);
    }

    /// <summary>Types at a terminal, one line for each prompt.</summary>
    private static async Task<(int ExitCode, string Screen)> TypeAsync(string dataDirectory, string first, string second)
    {
        var command = $"dotnet {Path.Combine(AppContext.BaseDirectory, "SentinelCam.dll")} account reset-password "
            + SentinelCamApp.AnnsEmail;
        var start = new ProcessStartInfo("script", ["--quiet", "--return", "--command", command, "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        CommandRun.Configure(start, dataDirectory);
        using var process = Process.Start(start)!;
        var screen = new StringBuilder();
        async Task ReadUntilAsync(string prompt)
        {
            var read = new char[1];
            while (!screen.ToString().EndsWith(prompt, StringComparison.Ordinal)
                && await process.StandardOutput.ReadAsync(read) > 0)
                screen.Append(read[0]);
        }

        await ReadUntilAsync("New password: ");
        await process.StandardInput.WriteAsync(first + "\r");
        await process.StandardInput.FlushAsync();
        await ReadUntilAsync("Again: ");
        await process.StandardInput.WriteAsync(second + "\r");
        await process.StandardInput.FlushAsync();
        screen.Append(await process.StandardOutput.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, screen.ToString());
    }
}

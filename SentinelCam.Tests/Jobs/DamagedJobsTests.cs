using System.Net;
using Microsoft.Data.Sqlite;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>The job storage cannot be used: attempts are recorded all the same, and mailed.</summary>
public sealed class DamagedJobsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;

    private string Data => Path.Combine(_directory, "data");

    private string Outbox => Path.Combine(Data, "outbox");

    private string Jobs => Path.Combine(Data, "jobs.db");

    [Fact]
    public async Task Corrupt_file_is_set_aside_at_start_and_attempts_are_mailed()
    {
        Directory.CreateDirectory(Data);
        await File.WriteAllTextAsync(
            Jobs, string.Concat(Enumerable.Repeat("this is no database. ", 1000)), TestContext.Current.CancellationToken);

        await using var app = SentinelCamProcess.Start(Data);
        using var ann = new WebVisitor(await app.Address, "Tests/1.0");
        await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
        await ann.SignOutAsync();
        await ann.SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password");

        await MailedOnceAsync();
        Assert.Equal("healthy\n", (await ann.GetAsync("/healthz")).Text);
        var aside = Assert.Single(Directory.GetFiles(Data, "jobs.db.*.damaged"));
        Assert.StartsWith("this is no database.", await File.ReadAllTextAsync(aside, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Single(app.Said.Split('\n'), line => line.Contains("jobs.db", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Companions_that_cannot_be_written_are_set_aside_with_their_file()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has access lists in place of modes");
        await using (var first = SentinelCamProcess.StartAsOrdinaryUser(Data))
        {
            await first.Address;
            await first.KillAsync();
        }

        foreach (var suffix in new[] { "-wal", "-shm" })
            SetReadOnly(Jobs + suffix);

        await using var app = SentinelCamProcess.StartAsOrdinaryUser(Data);
        using var visitor = new WebVisitor(await app.Address, "Tests/1.0");

        Assert.Equal("healthy\n", (await visitor.GetAsync("/healthz")).Text);
        var aside = Assert.Single(Directory.GetFiles(Data, "jobs.db.*.damaged"));
        Assert.True(File.Exists(aside + "-wal"));
        Assert.Single(app.Said.Split('\n'), line => line.Contains("jobs.db", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Damage_while_the_app_runs_loses_no_attempt_and_is_repaired_by_a_restart()
    {
        await using (var app = SentinelCamProcess.Start(Data))
        {
            using var ann = new WebVisitor(await app.Address, "Tests/1.0");
            await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
            await DamageAsync();
            await ann.SignOutAsync();
            Assert.Equal("/login", (await ann.SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password")).Path);
            await ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password);

            Assert.Contains("Failed sign-in to " + SentinelCamApp.AnnsEmail, (await ann.GetAsync("/dashboard")).Main,
                StringComparison.Ordinal);
            // The answer from before the damage is remembered for three seconds
            var health = await Eventually.GetAsync(
                () => ann.GetAsync("/healthz"), answer => answer.Status == HttpStatusCode.ServiceUnavailable);
            Assert.Contains("jobs: jobs.db cannot be used (", health.Text, StringComparison.Ordinal);
            Assert.Contains("restart SentinelCam", health.Text, StringComparison.Ordinal);
            await app.KillAsync();
        }

        await using (var app = SentinelCamProcess.Start(Data))
        {
            using var ann = new WebVisitor(await app.Address, "Tests/1.0");
            await MailedOnceAsync();
            Assert.Equal("healthy\n", (await ann.GetAsync("/healthz")).Text);
            Assert.Single(Directory.GetFiles(Data, "jobs.db.*.damaged"));
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static void SetReadOnly(string path)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead);
    }

    /// <summary>Everything after the first page becomes zeros.</summary>
    private async Task DamageAsync()
    {
        await using (var connection = new SqliteConnection($"Data Source={Jobs};Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            // The first column is 1 where the app was just reading or writing
            command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            await Eventually.TrueAsync(async () =>
                (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))! == 0);
        }

        await using var file = new FileStream(Jobs, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        Assert.True(file.Length > 4_096);
        file.Position = 4_096;
        await file.WriteAsync(new byte[file.Length - 4_096], TestContext.Current.CancellationToken);
    }

    private async Task MailedOnceAsync()
    {
        await Eventually.TrueAsync(() => Directory.GetFiles(Outbox, "*.eml").Length > 0);
        Assert.Single(Directory.GetFiles(Outbox, "*.eml"));
    }
}

using System.Diagnostics;
using System.Net;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>The job storage cannot be used: the site goes on, says so, and makes up for it later.</summary>
public sealed class DamagedJobsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;

    private string Data => Path.Combine(_directory, "data");

    private string Outbox => Path.Combine(Data, "outbox");

    [Fact]
    public async Task With_a_corrupt_file_attempts_are_recorded_and_mailed_once_it_has_been_moved_away()
    {
        Directory.CreateDirectory(Data);
        var file = Path.Combine(Data, "jobs.db");
        await File.WriteAllTextAsync(file, string.Concat(Enumerable.Repeat("this is no database. ", 1000)), TestContext.Current.CancellationToken);

        await using (var app = SentinelCamProcess.Start(Data))
        {
            using var ann = new WebVisitor(await app.Address, "Tests/1.0");
            await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
            await ann.SignOutAsync();
            Assert.Equal("/login", (await ann.SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password")).Path);
            await ann.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password);

            var dashboard = (await ann.GetAsync("/dashboard")).Main;
            Assert.Contains("wrong password for " + SentinelCamApp.AnnsEmail, dashboard, StringComparison.Ordinal);
            Assert.Contains("is corrupt", dashboard, StringComparison.Ordinal);
            Assert.Contains("move the file away", dashboard, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await ann.GetAsync("/healthz")).Status);
            Assert.StartsWith("this is no database.", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), StringComparison.Ordinal);
            await app.KillAsync();
        }

        File.Delete(file);
        Assert.Empty(Directory.GetFiles(Outbox));

        await using (var app = SentinelCamProcess.Start(Data))
        {
            using var ann = new WebVisitor(await app.Address, "Tests/1.0");
            await MailedOnceAsync();
            Assert.Equal("healthy\n", (await ann.GetAsync("/healthz")).Text);
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task MailedOnceAsync()
    {
        var watch = Stopwatch.StartNew();
        while (Directory.GetFiles(Outbox, "*.eml").Length == 0)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromMinutes(1), "No mail came within a minute.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Single(Directory.GetFiles(Outbox, "*.eml"));
    }
}

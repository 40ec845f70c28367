using System.Net;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>The disk fills up while the app runs, and is emptied again.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;

    [Fact]
    public async Task App_keeps_running_and_mails_attempts_again_once_there_is_room()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "A disk of its own needs Linux and root");
        await using var app = SentinelCamProcess.StartOnDisk("32m", _directory);
        using var ann = new WebVisitor(await app.Address, "Tests/1.0");
        await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
        await ann.SignOutAsync();
        var data = app.Root + _directory;
        var filler = Path.Combine(data, "filler");

        // Other writers give back a page now and then, so the disk is filled up again
        await Eventually.GetAsync(
            async () =>
            {
                Fill(filler);
                return (await ann.SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password")).Status;
            },
            status => status == HttpStatusCode.ServiceUnavailable, () => app.Said);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await ann.GetAsync("/healthz")).Status);

        File.Delete(filler);
        await ann.SignInAsync("nobody@example.org", "a wrong password");
        Assert.True(app.IsRunning);
        await MailedAsync(Path.Combine(data, "outbox"));
        Assert.Empty(Directory.GetFiles(data, "jobs.db.*.damaged"));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static void Fill(string path)
    {
        using var filler = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        try
        {
            while (true)
                filler.Write(new byte[4_096]);
        }
        catch (IOException)
        {
            // That was the last page
        }
    }

    private static Task MailedAsync(string outbox) =>
        Eventually.TrueAsync(() => Directory.GetFiles(outbox, "*.eml").Length > 0, patience: TimeSpan.FromMinutes(4));
}

using System.Diagnostics;
using System.Net;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Jobs;

/// <summary>A failing disk becomes read-only while the app runs: an ext4 in a file, with an error.</summary>
public sealed class ReadOnlyDiskTests : IDisposable
{
    private const string Words = "SentinelCam cannot write to its database";

    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;

    [Fact]
    public async Task Health_fails_every_change_is_503_in_the_same_words_and_stopping_is_clean()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "A disk of its own needs Linux and root");
        Assert.SkipUnless(await TryMountAsync(), "A file cannot be mounted here");
        var data = Path.Combine(_directory, "disk", "data");
        await using var app = SentinelCamProcess.Start(data, ("Registration:Mode", "Open"));
        using var ann = new WebVisitor(await app.Address, "Tests/1.0");
        using var bob = new WebVisitor(await app.Address, "Tests/1.0");
        using var visitor = new WebVisitor(await app.Address, "Tests/1.0");
        await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, SentinelCamApp.Password);
        await bob.RegisterAsync("Bob", Household.Bobs, SentinelCamApp.Password);
        await visitor.SignInAsync("nobody@example.org", "a wrong password");
        // Another session of hers, to be ended
        using var elsewhere = new WebVisitor(await app.Address, "Tests/1.0");
        Assert.Equal("/dashboard", (await elsewhere.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
        Assert.Equal("healthy\n", (await visitor.GetAsync("/healthz")).Text);
        var settings = await ann.GetAsync("/settings");

        // The kernel turns it read-only, as after an error of the disk
        await File.WriteAllTextAsync(await TriggerAsync(), "1", TestContext.Current.CancellationToken);

        await Eventually.GetAsync(async () => (await visitor.GetAsync("/healthz")).Status,
            status => status == HttpStatusCode.ServiceUnavailable, () => app.Said);
        KeyValuePair<string, string> token = new("__RequestVerificationToken", settings.Token);
        foreach (var answer in new[]
                 {
                     await ann.PostAsync("/capture", [token]),
                     await ann.PostAsync("/settings?handler=Alerts", [token, new("AlertFrom", "1"), new("QuietMinutes", "7")]),
                     await ann.PostAsync("/settings?handler=Recipient", [token, new("Recipient", "second@example.org")]),
                     await ann.PostAsync("/settings/sessions?handler=EndSessions", [token]),
                     await ann.PostAsync("/delete_log/1", [token]),
                     await ann.PostAsync("/admin/accounts?handler=Suspend&id=2", [token]),
                     await visitor.RegisterAsync("Carol", Household.Carols, SentinelCamApp.Password),
                     await visitor.SignInAsync("nobody@example.org", "a wrong password"),
                 })
        {
            Assert.True(
                answer.Status == HttpStatusCode.ServiceUnavailable, $"{answer.PathAndQuery}: {answer.Status}\n{app.Said}");
            Assert.Contains(Words, answer.Main, StringComparison.Ordinal);
            Assert.Equal("60", answer.Headers["Retry-After"]);
        }

        // What is stored can still be read
        Assert.Equal(HttpStatusCode.OK, (await ann.GetAsync("/userdata")).Status);
        var health = (await ann.GetAsync("/healthz")).Text;
        Assert.DoesNotContain("database: ok", health, StringComparison.Ordinal);
        Assert.DoesNotContain("files: ok", health, StringComparison.Ordinal);
        Assert.DoesNotContain("malformed", app.Said, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("corrupt", health + app.Said, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("sets the file aside", health, StringComparison.Ordinal);

        await RunAsync("kill", "-TERM", $"{app.Id}");
        Assert.Equal(0, await app.WaitForExitAsync());
        Assert.DoesNotContain("Unhandled exception", app.Said, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        var start = new ProcessStartInfo("umount", [Path.Combine(_directory, "disk")]) { RedirectStandardError = true };
        using (var unmount = Process.Start(start))
            unmount!.WaitForExit();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<bool> TryMountAsync()
    {
        var (image, disk) = (Path.Combine(_directory, "image"), Path.Combine(_directory, "disk"));
        Directory.CreateDirectory(disk);
        using (var file = File.Create(image))
            file.SetLength(200 << 20);
        return await RunAsync("mkfs.ext4", "-q", "-F", image) == 0
            && await RunAsync("mount", "-o", "loop,errors=remount-ro", image, disk) == 0;
    }

    /// <summary>The file of the kernel that causes an error of the mounted file system.</summary>
    private async Task<string> TriggerAsync()
    {
        var mounts = await File.ReadAllLinesAsync("/proc/self/mounts", TestContext.Current.CancellationToken);
        var device = mounts.Select(line => line.Split(' ')).Single(mount => mount[1] == Path.Combine(_directory, "disk"))[0];
        return $"/sys/fs/ext4/{Path.GetFileName(device)}/trigger_fs_error";
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }
}

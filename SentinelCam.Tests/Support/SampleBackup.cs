namespace SentinelCam.Tests.Support;

/// <summary>A backup of an app with a picture, and what was in the app's data directory.</summary>
public sealed class SampleBackup : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;

    /// <summary>The backup.</summary>
    public string Path => System.IO.Path.Combine(_directory, "backup.zip");

    /// <summary>The rows of the database.</summary>
    public IReadOnlyList<string> Rows { get; private set; } = [];

    /// <summary>The pictures and keys with their hashes.</summary>
    public IReadOnlyList<string> Files { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        var clock = TestClock.AtNoon();
        await using var app = await AnnsApp.StartAsync(clock);
        await app.FailAndCaptureAsync(clock);
        await app.WaitForAcceptedAsync(1);
        Rows = StoredData.Rows(app.DataDirectory);
        Files = [.. StoredData.Files(app.DataDirectory, "snapshots"), .. StoredData.Files(app.DataDirectory, "keys")];
        var run = await CommandRun.OfAsync(app.DataDirectory, null, [], "backup", Path);
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }
}

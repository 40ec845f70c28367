using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Configuration;

/// <summary>The log's files have a limit in bytes.</summary>
public class LogFilesTests
{
    private const int MaxFiles = 64, MaxFileBytes = 4 << 20, LineBytes = 256 << 10;

    [Fact]
    public async Task Files_that_are_too_many_or_too_large_are_not_kept()
    {
        await using var app = await SentinelCamApp.StartAsync();
        var folder = Path.Combine(app.DataDirectory, "logs");
        // As a month of floods leaves it
        for (var i = 0; i < MaxFiles + 20; i++)
            await File.WriteAllTextAsync(
                Path.Combine(folder, $"sentinelcam-{DateTime.Now.AddDays(-1):yyyyMMdd}_{i:000}.log"), "old\n",
                TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(folder, $"sentinelcam-{DateTime.Now.AddDays(-40):yyyyMMdd}.log"), "older\n",
            TestContext.Current.CancellationToken);
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("SentinelCam.Test");
        var text = new string('x', LineBytes);

        for (var i = 0; i < 2 * MaxFileBytes / LineBytes; i++)
            logger.LogInformation("{Text}", text);

        var files = Directory.GetFiles(folder).Select(path => new FileInfo(path)).ToList();
        Assert.InRange(files.Count, 3, MaxFiles);
        Assert.All(files, file => Assert.InRange(file.Length, 1, MaxFileBytes + 2 * LineBytes));
        Assert.DoesNotContain(files, file => file.LastWriteTime < DateTime.Now.AddDays(-35)
            || file.Name.Contains($"{DateTime.Now.AddDays(-40):yyyyMMdd}", StringComparison.Ordinal));
    }
}

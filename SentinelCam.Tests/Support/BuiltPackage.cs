using System.Diagnostics;
using System.Text.RegularExpressions;

namespace SentinelCam.Tests.Support;

/// <summary>
/// Debian's package of this source, which tests share: the file that <c>SENTINELCAM_PACKAGE</c> names, otherwise built here.
/// </summary>
public sealed class BuiltPackage : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sentinelcam-package-");
    private string? _path;

    /// <summary>The path of the package.</summary>
    public async Task<string> PathAsync()
    {
        if (_path is not null)
            return _path;
        if (Environment.GetEnvironmentVariable("SENTINELCAM_PACKAGE") is { Length: > 0 } built)
            return _path = Path.GetFullPath(built);
        var said = await RunAsync(Path.Combine(SourceTree.Root, ".ci", "package"), "amd64", "fast");
        return _path = Path.Combine(SourceTree.Root, Regex.Match(said, @"artifacts/sentinelcam_\S+_amd64\.deb").Value);
    }

    /// <summary>The same package with a lower version.</summary>
    public async Task<string> OlderAsync()
    {
        var unpacked = Path.Combine(_folder.FullName, "root");
        var older = Path.Combine(_folder.FullName, "old.deb");
        if (File.Exists(older))
            return older;
        await RunAsync("dpkg-deb", "--raw-extract", await PathAsync(), unpacked);
        var control = Path.Combine(unpacked, "DEBIAN", "control");
        await File.WriteAllTextAsync(
            control, Regex.Replace(await File.ReadAllTextAsync(control), "(?m)^Version: .*$", "Version: 0.0.1"));
        await RunAsync("dpkg-deb", "--root-owner-group", "-Znone", "--build", unpacked, older);
        Directory.Delete(unpacked, recursive: true);
        return older;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}

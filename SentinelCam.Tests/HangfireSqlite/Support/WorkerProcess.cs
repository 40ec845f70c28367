using System.Diagnostics;
using SentinelCam.Tests.HangfireSqlite.Worker;

namespace SentinelCam.Tests.HangfireSqlite.Support;

/// <summary>Another process that uses the storage, and that a test may kill.</summary>
public sealed class WorkerProcess : IDisposable
{
    private readonly Process _process;

    // A disk of so many bytes, in memory, which nobody else sees and which goes with the process
    private const string MountAndRun = """mount -t tmpfs -o size=2m tmpfs "$1" && exec dotnet exec "$2" small-disk "$1" """;

    private WorkerProcess(params string[] arguments)
        : this(new ProcessStartInfo("dotnet", ["exec", typeof(NotedJob).Assembly.Location, .. arguments]))
    {
    }

    private WorkerProcess(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        _process = Process.Start(start)!;
    }

    public int Id => _process.Id;

    /// <summary>A server on the file. It may still be starting.</summary>
    public static WorkerProcess Serve(string file, int workers, int timeoutMilliseconds = 20_000) =>
        new("run", file, $"{workers}", $"{timeoutMilliseconds}");

    public static WorkerProcess Lock(string file, string resource) => new("lock", file, resource);

    public static WorkerProcess Open(string file) => new("open", file);

    /// <summary>The same by a user to whom the modes of files apply: root without the right to ignore them.</summary>
    public static WorkerProcess OpenAsOrdinaryUser(string file) => Environment.IsPrivilegedProcess
        ? new(new ProcessStartInfo(
            "setpriv",
            ["--bounding-set=-dac_override,-dac_read_search", "dotnet", "exec", typeof(NotedJob).Assembly.Location, "open", file]))
        : Open(file);

    /// <summary>Whether <see cref="OnSmallDisk"/> can run here.</summary>
    public static bool CanMount(string folder)
    {
        if (!OperatingSystem.IsLinux()) return false;
        using var trial = Process.Start(InNamespace("mount", "-t", "tmpfs", "tmpfs", folder))!;
        trial.WaitForExit();
        return trial.ExitCode == 0;
    }

    /// <summary>Works on a disk of 2 MB that it fills again and again.</summary>
    public static WorkerProcess OnSmallDisk(string folder) =>
        new(InNamespace("sh", "-c", MountAndRun, "sh", folder, typeof(NotedJob).Assembly.Location));

    /// <summary>All that the process says until it ends.</summary>
    public async Task<string[]> AllLinesAsync()
    {
        var text = await _process.StandardOutput.ReadToEndAsync().WaitAsync(3 * Signals.Patience);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The first line that the process says.</summary>
    public async Task<string?> FirstLineAsync() =>
        await _process.StandardOutput.ReadLineAsync().WaitAsync(Signals.Patience);

    /// <summary>SIGKILL: the process gets no chance to tidy up.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    private static ProcessStartInfo InNamespace(params string[] command) => new(
        "unshare",
        [
            .. Environment.IsPrivilegedProcess ? Array.Empty<string>() : ["--user", "--map-root-user"],
            "--mount", "--propagation", "private", .. command,
        ]);

    public void Dispose()
    {
        if (!_process.HasExited) Kill();
        _process.Dispose();
    }
}

using System.Diagnostics;
using SentinelCam.Tests.HangfireSqlite.Worker;

namespace SentinelCam.Tests.HangfireSqlite.Support;

/// <summary>Another process that uses the storage, and that a test may kill.</summary>
public sealed class WorkerProcess : IDisposable
{
    private readonly Process _process;

    private WorkerProcess(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(typeof(NotedJob).Assembly.Location);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
    }

    public int Id => _process.Id;

    /// <summary>A server on the file. It may still be starting.</summary>
    public static WorkerProcess Serve(string file, int workers, int timeoutMilliseconds = 20_000) =>
        new("run", file, $"{workers}", $"{timeoutMilliseconds}");

    public static WorkerProcess Lock(string file, string resource) => new("lock", file, resource);

    public static WorkerProcess Open(string file) => new("open", file);

    /// <summary>The first line that the process says.</summary>
    public async Task<string?> FirstLineAsync() =>
        await _process.StandardOutput.ReadLineAsync().WaitAsync(Signals.Patience);

    /// <summary>SIGKILL: the process gets no chance to tidy up.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited) Kill();
        _process.Dispose();
    }
}

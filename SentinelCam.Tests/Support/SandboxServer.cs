using System.Diagnostics;

namespace SentinelCam.Tests.Support;

/// <summary>A program that runs in a sandbox until that ends.</summary>
public sealed class SandboxServer : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];

    internal SandboxServer(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Waits until it has printed lines with a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="count">How many lines, since it started.</param>
    /// <returns>The last of these lines.</returns>
    /// <exception cref="TimeoutException">It does not print them in time.</exception>
    public async Task<string> WaitForAsync(string text, int count = 1) => (await Eventually.GetAsync(
        () => Lines().Where(line => line.Contains(text, StringComparison.Ordinal)).ToList(), lines => lines.Count >= count,
        () => string.Join('\n', Lines()), text: $"{count} lines with \"{text}\""))[count - 1];

    /// <summary>Whether it prints lines with a text within five seconds.</summary>
    /// <param name="text">The text.</param>
    /// <param name="count">How many lines, since it started.</param>
    public async Task<bool> SaysAsync(string text, int count)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(5);)
        {
            if (Lines().Count(line => line.Contains(text, StringComparison.Ordinal)) >= count)
                return true;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        return false;
    }

    public void Dispose() => _process.Dispose();

    private void Hear(string? line)
    {
        if (line is null)
            return;
        lock (_lines)
            _lines.Add(line);
    }

    private List<string> Lines()
    {
        lock (_lines)
            return [.. _lines];
    }
}

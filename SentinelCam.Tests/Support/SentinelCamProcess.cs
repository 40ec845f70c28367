using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace SentinelCam.Tests.Support;

/// <summary>The app as its own process, as an operator starts it, so that it can be killed.</summary>
public sealed partial class SentinelCamProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _said = new();
    private readonly StringBuilder _errors = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SentinelCamProcess(
        string program, string[] arguments, string dataDirectory, (string Key, string? Value)[] settings, string? folder = null,
        string? workingDirectory = null)
    {
        folder ??= AppContext.BaseDirectory;
        var start = new ProcessStartInfo(program, [.. arguments, Path.Combine(folder, "SentinelCam.dll")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? folder,
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment["DataDirectory"] = dataDirectory;
        start.Environment["Urls"] = "http://127.0.0.1:0";
        start.Environment["Camera__Source"] = "demo";
        // Not this machine's own log-ins
        start.Environment["Device__Source"] = "None";
        // Tests with small disks and wrong clocks are about other mails
        start.Environment["Watch__Mode"] = "Off";
        if (!settings.Any(setting => setting.Key == PostgresServer.Key))
            settings = [.. PostgresServer.Of(dataDirectory), .. settings];
        // Required with PostgreSQL. Nobody listens there
        if (settings.Any(setting => setting.Key == PostgresServer.Key))
            settings = [.. SmtpSettings.For(1), .. settings];
        foreach (var (key, value) in settings)
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data, _errors);
        _process.Exited += (_, _) => _address.TrySetException(new InvalidOperationException($"SentinelCam ended:\n{Said}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Where it listens. Throws with its output if it has ended instead.</summary>
    public Task<Uri> Address => _address.Task.WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);

    /// <summary>Everything it has printed.</summary>
    public string Said
    {
        get
        {
            lock (_said)
                return _said.ToString();
        }
    }

    /// <summary>Everything it has printed to standard error.</summary>
    public string Errors
    {
        get
        {
            lock (_said)
                return _errors.ToString();
        }
    }

    /// <summary>The process's number.</summary>
    public int Id => _process.Id;

    /// <summary>The root of the file system as the process sees it.</summary>
    public string Root => $"/proc/{Id}/root";

    /// <summary>Whether the process still runs.</summary>
    public bool IsRunning => !_process.HasExited;

    /// <summary>Processor time used so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The most resident memory so far, in bytes.</summary>
    public long PeakWorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    /// <summary>Resident memory in bytes.</summary>
    public long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public static SentinelCamProcess Start(string dataDirectory, params (string Key, string? Value)[] settings) =>
        new("dotnet", [], dataDirectory, settings);

    /// <summary>The app in a working directory, where it looks for its settings files.</summary>
    public static SentinelCamProcess StartIn(string workingDirectory, string dataDirectory) =>
        new("dotnet", [], dataDirectory, [], workingDirectory: workingDirectory);

    /// <summary>The app that was published to a folder.</summary>
    public static SentinelCamProcess StartPublished(
        string folder, string dataDirectory, params (string Key, string? Value)[] settings) =>
        new("dotnet", [], dataDirectory, settings, folder);

    /// <summary>
    /// The same with its data directory on its own disk in memory, which ends with the process. <see cref="Root"/> leads to it.
    /// </summary>
    public static SentinelCamProcess StartOnDisk(
        string size, string dataDirectory, params (string Key, string? Value)[] settings)
    {
        var script = $"mount -t tmpfs -o size={size},mode=700 tmpfs \"$0\" && exec dotnet \"$1\"";
        return new("unshare", ["--mount", "--propagation", "private", "sh", "-c", script, dataDirectory], dataDirectory,
            settings);
    }

    /// <summary>The same as a user bound by file modes: root without the right to ignore them.</summary>
    public static SentinelCamProcess StartAsOrdinaryUser(string dataDirectory) => Environment.IsPrivilegedProcess
        ? new("setpriv", ["--bounding-set=-dac_override,-dac_read_search", "dotnet"], dataDirectory, [])
        : Start(dataDirectory);

    /// <summary>The app in a sandbox, whose log-ins it watches.</summary>
    public static SentinelCamProcess StartIn(
        DeviceSandbox sandbox, string dataDirectory, params (string Key, string? Value)[] settings)
    {
        ArgumentNullException.ThrowIfNull(sandbox);
        var dotnet = sandbox.Start("dotnet");
        return new(dotnet.FileName, [.. dotnet.ArgumentList], dataDirectory, [("Device:Source", "Spool"), .. settings]);
    }

    /// <summary>Sends SIGKILL, and waits for the end.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Waits for the process to end by itself.</summary>
    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    [GeneratedRegex(@"Now listening on: ""(http://[^""]+)""")]
    private static partial Regex Listening();

    private void Hear(string? line, StringBuilder? alsoTo = null)
    {
        if (line is null)
            return;
        lock (_said)
        {
            _said.AppendLine(line);
            alsoTo?.AppendLine(line);
        }

        if (Listening().Match(line) is { Success: true } match)
            _address.TrySetResult(new Uri(match.Groups[1].Value));
    }
}

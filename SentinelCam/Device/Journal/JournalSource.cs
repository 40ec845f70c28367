using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using SentinelCam.Configuration;

namespace SentinelCam.Device;

/// <summary>
/// Reads log-ins from the system's journal, without changes to PAM. It is slower than the spool and knows less. The journal's
/// cursor is kept in the data directory, so that nothing is lost while SentinelCam is stopped.
/// </summary>
internal sealed partial class JournalSource : IDeviceEventSource
{
    /// <summary>The name of the file with the cursor.</summary>
    public const string PositionFile = "device-journal.cursor";

    /// <summary>How long after its end <c>journalctl</c> is started again.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    /// <summary>A <c>journalctl</c> that has run for so long works, even if there was nothing to read.</summary>
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(5);

    private readonly SourcePosition _position;
    private readonly DeviceStatus _status;
    private readonly TimeProvider _time;
    private readonly ILogger<JournalSource> _logger;
    private readonly string _program;
    private readonly JournalMessages _messages;

    public JournalSource(DataDirectory data, DeviceStatus status, TimeProvider time, ILogger<JournalSource> logger)
        : this(data, status, time, logger, "journalctl", new JournalMessages(OsUser.FindFast, OsUser.Find))
    {
    }

    internal JournalSource(
        DataDirectory data, DeviceStatus status, TimeProvider time, ILogger<JournalSource> logger, string program,
        JournalMessages messages)
    {
        (_status, _time, _logger, _program, _messages) = (status, time, logger, program, messages);
        _position = new SourcePosition(data, PositionFile);
    }

    public DeviceSource Source => DeviceSource.Journal;

    public async Task RunAsync(Func<DeviceEvent, Task> handle, CancellationToken stoppingToken)
    {
        ArgumentNullException.ThrowIfNull(handle);
        while (true)
        {
            Report(await FollowAsync(handle, stoppingToken));
            await Task.Delay(Pause, _time, stoppingToken);
        }
    }

    /// <summary>Runs <c>journalctl</c> until it ends.</summary>
    /// <returns>Why it ended, and what to do.</returns>
    private async Task<string> FollowAsync(Func<DeviceEvent, Task> handle, CancellationToken stoppingToken)
    {
        using var journalctl = new Process { StartInfo = StartInfo() };
        var lastError = "";
        var isPermitted = true;
        journalctl.ErrorDataReceived += (_, line) =>
        {
            if (string.IsNullOrWhiteSpace(line.Data))
                return;
            lastError = line.Data.Trim();
            // It goes on with what it may read, which is nothing of others
            if (lastError.Contains("not seeing messages", StringComparison.Ordinal)
                || lastError.Contains("permission", StringComparison.OrdinalIgnoreCase))
            {
                isPermitted = false;
                Report(NotPermitted);
            }
        };
        try
        {
            journalctl.Start();
        }
        catch (Win32Exception)
        {
            return "The program journalctl, which reads the journal, cannot be started. Install systemd, or set Device:Source.";
        }

        try
        {
            journalctl.BeginErrorReadLine();
            await using var steady = _time.CreateTimer(
                _ => _status.SetProblem(isPermitted ? null : NotPermitted), null, Steady, Timeout.InfiniteTimeSpan);
            while (await journalctl.StandardOutput.ReadLineAsync(stoppingToken) is { } line)
                await ReadAsync(line, handle);
            await journalctl.WaitForExitAsync(stoppingToken);
        }
        finally
        {
            if (!journalctl.HasExited)
                journalctl.Kill();
        }

        if (lastError.Contains("cursor", StringComparison.OrdinalIgnoreCase))
            StartOver();
        return !isPermitted
            ? NotPermitted
            : "journalctl, which reads the journal, has ended and is started again"
                + (lastError.Length == 0 ? "." : $": {lastError}");
    }

    private const string NotPermitted =
        "The journal cannot be read. Add the account that runs SentinelCam to the group systemd-journal, and restart it.";

    private async Task ReadAsync(string line, Func<DeviceEvent, Task> handle)
    {
        if (JournalEntry.Parse(line) is not { } entry)
            return;
        foreach (var happened in _messages.Read(entry))
            await handle(happened);
        _position.Write(entry.Cursor);
    }

    private ProcessStartInfo StartInfo()
    {
        var position = _position.Read();
        if (position is null || !Position().IsMatch(position))
            position = StartOver();
        var from = position.StartsWith('@') ? "--since=" : "--after-cursor=";
        // --no-tail: with a position, follow would otherwise show only the last ten entries after it
        var start = new ProcessStartInfo(
            _program,
            [
                "--follow", "--no-tail", "--output=json", "--output-fields=" + JournalEntry.Fields, from + position,
                "_TRANSPORT=syslog", .. JournalPrograms.Matches,
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        return start;
    }

    /// <summary>Begins with what happens from now on.</summary>
    private string StartOver()
    {
        var now = string.Create(CultureInfo.InvariantCulture, $"@{_time.GetUtcNow().ToUnixTimeSeconds()}");
        _position.Write(now);
        return now;
    }

    private void Report(string problem)
    {
        if (_status.SetProblem(problem))
            _logger.LogWarning("{Problem}", problem);
    }

    /// <summary>A cursor, or a time in seconds before there is one.</summary>
    [GeneratedRegex("^(?:@[0-9]+|[a-z]=[0-9a-f]+(?:;[a-z]=[0-9a-f]+)*)$")]
    private static partial Regex Position();
}

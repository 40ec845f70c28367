using SentinelCam.Device;

namespace SentinelCam.Tests.Support;

/// <summary>A spool of log-ins, into which a test writes as PAM's helper does. Only root can give files to others.</summary>
public sealed class TestSpool : IDisposable
{
    /// <summary>The number of the user <c>nobody</c>, who is in every <c>/etc/passwd</c>.</summary>
    public const uint Nobody = 65534;

    /// <summary>Beside the spool, where an old unfinished file would be removed before it gets its name.</summary>
    private readonly string _drafts = Directory.CreateTempSubdirectory("sentinelcam-drafts-").FullName;

    private int _written;

    private TestSpool()
    {
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("sentinelcam-spool-").FullName;

    /// <summary>Configuration that makes the app read it.</summary>
    public (string Key, string? Value)[] Settings => [("Device:Source", "Spool"), ("Device:Spool", Path)];

    /// <summary>The names of the files that wait.</summary>
    public IReadOnlyList<string> Waiting => [.. Directory.GetFileSystemEntries(Path)];

    /// <summary>Makes a spool, or skips the test without root, whose files alone are believed.</summary>
    public static TestSpool Create()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "log-ins to the device: root is needed");
        return new();
    }

    /// <summary>Reports a failed log-in.</summary>
    /// <returns>The file.</returns>
    public string Fail(
        string service, string user, string caller = "", string host = "", string terminal = "", uint owner = 0,
        DateTime? at = null) =>
        Write(owner, at, "1", "failed", service, user, caller, host, terminal, "", "end");

    /// <summary>Reports a log-in that succeeded.</summary>
    public string Accept(
        string service, string user, string caller = "", string host = "", uint owner = 0, DateTime? at = null) =>
        Write(owner, at, "1", "accepted", service, user, caller, host, "", "", "end");

    /// <summary>Writes any fields.</summary>
    public string Write(uint owner, DateTime? at, params string[] fields)
    {
        var name = $"{100_000 + Interlocked.Increment(ref _written)}.{Environment.ProcessId}";
        var unfinished = System.IO.Path.Combine(_drafts, name);
        File.WriteAllText(unfinished, string.Concat(fields.Select(field => field + "\0")));
        if (owner != 0 && OperatingSystem.IsLinux())
            FileOwner.Change(unfinished, new OsUser("", owner, owner));
        if (at is { } time)
            File.SetLastWriteTimeUtc(unfinished, time);
        var path = System.IO.Path.Combine(Path, name);
        File.Move(unfinished, path);
        return path;
    }

    public void Dispose()
    {
        Directory.Delete(Path, recursive: true);
        Directory.Delete(_drafts, recursive: true);
    }
}

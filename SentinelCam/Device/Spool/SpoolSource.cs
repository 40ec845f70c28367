using System.Runtime.Versioning;
using System.Threading.Channels;

namespace SentinelCam.Device;

/// <summary>
/// Watches the spool, where PAM's helper writes a file for each log-in. A file is removed once its event is recorded, so an event
/// of the time before a crash or a start is not lost.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class SpoolSource(
    DeviceOptions options, DeviceStatus status, TimeProvider time, ILogger<SpoolSource> logger) : IDeviceEventSource
{
    /// <summary>The maximum number of root's files that one look at the spool reads. It drops the newest beyond.</summary>
    public const int MaxFiles = 2_000;

    /// <summary>The maximum number of files that are read within a minute of each other user, who could fill the log.</summary>
    public const int MaxFilesOfUser = 20;

    /// <summary>The maximum number of files of each such user that one look remembers. It removes any others at once.</summary>
    private const int MaxListedOfUser = 500;

    /// <summary>How often the spool is looked at without a sign from the file system, which can miss one.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <summary>An unfinished file that is older was left behind by a helper that was ended.</summary>
    private static readonly TimeSpan Unfinished = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private const int MaxStuck = 1_000;

    /// <summary>What cannot be removed, such as another user's directory with files in it. It is refused once.</summary>
    private readonly HashSet<string> _stuck = [];

    /// <summary>How many files of each user other than root were read in this minute.</summary>
    private readonly Dictionary<uint, int> _read = [];

    private long _minuteBegan = time.GetTimestamp();
    private bool _isDropReported;

    public DeviceSource Source => DeviceSource.Spool;

    public async Task RunAsync(Func<DeviceEvent, Task> handle, CancellationToken stoppingToken)
    {
        ArgumentNullException.ThrowIfNull(handle);
        // One look sees all changes. Nothing to dispose of, because a watcher can report one after its own end
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        List<FileSystemWatcher> watchers = [];
        try
        {
            while (true)
            {
                // Root's first, so that others cannot delay them
                string[] directories = [.. new[] { options.RootSpool, options.Spool }.Where(Directory.Exists)];
                if (watchers.Count != directories.Length)
                {
                    EndWatch();
                    watchers.AddRange(directories.Select(directory => Watch(directory, changes.Writer)));
                }

                foreach (var directory in directories)
                    await ReadAllAsync(directory, handle, stoppingToken);
                SetProblem(directories.Contains(options.Spool)
                    ? null
                    : "Log-ins to the device are not reported yet. To start that, run: sudo SentinelCam device install");
                // A directory that was removed and made again needs another watcher
                if (!await WaitAsync(changes.Reader, stoppingToken))
                    EndWatch();
            }
        }
        finally
        {
            EndWatch();
        }

        void EndWatch()
        {
            watchers.ForEach(watcher => watcher.Dispose());
            watchers.Clear();
        }
    }

    private static FileSystemWatcher Watch(string directory, ChannelWriter<bool> changes)
    {
        // A finished file appears by being renamed
        var watcher = new FileSystemWatcher(directory) { NotifyFilter = NotifyFilters.FileName };
        watcher.Created += (_, _) => changes.TryWrite(true);
        watcher.Renamed += (_, _) => changes.TryWrite(true);
        watcher.Error += (_, _) => changes.TryWrite(true);
        watcher.EnableRaisingEvents = true;
        return watcher;
    }

    /// <returns>False if nothing has happened.</returns>
    private async Task<bool> WaitAsync(ChannelReader<bool> changes, CancellationToken stoppingToken)
    {
        using var interval = new CancellationTokenSource(Interval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(interval.Token, stoppingToken);
        try
        {
            return await changes.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            // Time for the next look
            return false;
        }
    }

    private async Task ReadAllAsync(string directory, Func<DeviceEvent, Task> handle, CancellationToken stoppingToken)
    {
        if (time.GetElapsedTime(_minuteBegan) >= Minute)
        {
            _read.Clear();
            (_minuteBegan, _isDropReported) = (time.GetTimestamp(), false);
        }

        var ofRoot = 0;
        foreach (var (path, found) in List(directory))
        {
            stoppingToken.ThrowIfCancellationRequested();
            if (found.OwnerId == 0 ? ++ofRoot > MaxFiles : !IsWithinLimit(found.OwnerId))
                Drop(path);
            else
                await ReadAsync(path, handle);
        }
    }

    private bool IsWithinLimit(uint user)
    {
        var read = _read.GetValueOrDefault(user);
        if (read >= MaxFilesOfUser)
            return false;
        _read[user] = read + 1;
        return true;
    }

    private void Drop(string path)
    {
        Remove(path);
        status.AddDropped(1);
        if (!_isDropReported)
            logger.LogWarning(
                "Reports of log-ins were dropped, because too many came at once. More of this minute are only counted");
        _isDropReported = true;
    }

    private async Task ReadAsync(string path, Func<DeviceEvent, Task> handle)
    {
        SpoolFile file;
        try
        {
            file = SpoolFile.Read(path);
        }
        catch (IOException)
        {
            // A symbolic link, or removed meanwhile
            file = new SpoolFile(null, "not a plain file");
        }

        if (file.Event is { } happened)
            await handle(happened);
        else
            Refuse(file.Refusal!);
        Remove(path);
    }

    private void Refuse(string reason)
    {
        // Anybody can write there, so the log gets one line for each reason
        if (status.AddRefused(reason) == 1)
            logger.LogWarning("A report of a log-in was refused: {Reason}. More like it are only counted", reason);
    }

    /// <summary>The finished files, oldest first. Removes old unfinished ones, and those of a user who has too many.</summary>
    private List<(string Path, FileStatus Status)> List(string directory)
    {
        List<(string Path, FileStatus Status)> files = [];
        Dictionary<uint, int> listed = [];
        foreach (var path in Directory.EnumerateFileSystemEntries(
            directory, "*", new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false }))
        {
            try
            {
                if (_stuck.Contains(path))
                    continue;
                var found = FileStatus.Of(path);
                var ofUser = listed[found.OwnerId] = listed.GetValueOrDefault(found.OwnerId) + 1;
                if (found.OwnerId != 0 && ofUser > MaxListedOfUser)
                    Drop(path);
                else if (!Path.GetFileName(path.AsSpan()).StartsWith('.'))
                    files.Add((path, found));
                // Its owner can choose its time
                else if ((time.GetUtcNow() - found.ChangedAt).Duration() > Unfinished)
                    Remove(path);
            }
            catch (IOException)
            {
                // Renamed meanwhile
            }
        }

        files.Sort((a, b) => a.Status.ChangedNanoseconds.CompareTo(b.Status.ChangedNanoseconds));
        return files;
    }

    private void Remove(string path)
    {
        try
        {
            if (Directory.Exists(path) && !File.GetAttributes(path).HasFlag(FileAttributes.ReparsePoint))
                Directory.Delete(path);
            else
                File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Refuse("cannot be removed");
            if (_stuck.Count < MaxStuck)
                _stuck.Add(path);
        }
    }

    private void SetProblem(string? problem)
    {
        if (status.SetProblem(problem) && problem is not null)
            logger.LogInformation("{Problem}", problem);
    }
}

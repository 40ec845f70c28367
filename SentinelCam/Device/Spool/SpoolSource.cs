using System.Runtime.Versioning;

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

    /// <summary>The same for the files of each other user, who could fill the spool.</summary>
    public const int MaxFilesOfUser = 20;

    /// <summary>How often the spool is looked at without a sign from the file system, which can miss one.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <summary>An unfinished file that is older was left behind by a helper that was ended.</summary>
    private static readonly TimeSpan Unfinished = TimeSpan.FromMinutes(1);

    /// <summary>What cannot be removed, such as another user's directory with files in it. It is refused once.</summary>
    private readonly HashSet<string> _stuck = [];

    public DeviceSource Source => DeviceSource.Spool;

    public async Task RunAsync(Func<DeviceEvent, Task> handle, CancellationToken stoppingToken)
    {
        ArgumentNullException.ThrowIfNull(handle);
        using var changed = new SemaphoreSlim(1, int.MaxValue);
        FileSystemWatcher? watcher = null;
        try
        {
            while (true)
            {
                if (!Directory.Exists(options.Spool))
                {
                    watcher?.Dispose();
                    watcher = null;
                    SetProblem("Log-ins to the device are not reported yet. To start that, run: sudo SentinelCam device install");
                }
                else
                {
                    watcher ??= Watch(changed);
                    await ReadAllAsync(handle, stoppingToken);
                    SetProblem(null);
                }

                await WaitAsync(changed, stoppingToken);
            }
        }
        finally
        {
            watcher?.Dispose();
        }
    }

    private FileSystemWatcher Watch(SemaphoreSlim changed)
    {
        // A finished file appears by being renamed
        var watcher = new FileSystemWatcher(options.Spool) { NotifyFilter = NotifyFilters.FileName };
        watcher.Created += (_, _) => changed.Release();
        watcher.Renamed += (_, _) => changed.Release();
        watcher.Error += (_, _) => changed.Release();
        watcher.EnableRaisingEvents = true;
        return watcher;
    }

    private async Task WaitAsync(SemaphoreSlim changed, CancellationToken stoppingToken)
    {
        using var interval = new CancellationTokenSource(Interval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(interval.Token, stoppingToken);
        try
        {
            await changed.WaitAsync(either.Token);
            // One look sees all files
            while (changed.Wait(0, CancellationToken.None))
                continue;
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            // Time for the next look
        }
    }

    private async Task ReadAllAsync(Func<DeviceEvent, Task> handle, CancellationToken stoppingToken)
    {
        var files = List();
        var byOwner = files.ToLookup(file => file.Status.OwnerId);
        var dropped = 0;
        foreach (var owner in byOwner)
        {
            foreach (var file in owner.Skip(owner.Key == 0 ? MaxFiles : MaxFilesOfUser))
            {
                Remove(file.Path);
                files.Remove(file);
                dropped++;
            }
        }

        if (dropped > 0)
        {
            status.AddDropped(dropped);
            logger.LogWarning("{Count} reports of log-ins were dropped, because too many came at once", dropped);
        }

        foreach (var file in files)
        {
            stoppingToken.ThrowIfCancellationRequested();
            await ReadAsync(file.Path, handle);
        }
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

    /// <summary>The finished files, oldest first. Removes unfinished ones that are old.</summary>
    private List<(string Path, FileStatus Status)> List()
    {
        List<(string Path, FileStatus Status)> files = [];
        foreach (var path in Directory.EnumerateFileSystemEntries(
            options.Spool, "*", new EnumerationOptions { AttributesToSkip = 0, ReturnSpecialDirectories = false }))
        {
            try
            {
                if (_stuck.Contains(path))
                    continue;
                var found = FileStatus.Of(path);
                if (!Path.GetFileName(path.AsSpan()).StartsWith('.'))
                    files.Add((path, found));
                else if (time.GetUtcNow() - found.ChangedAt > Unfinished)
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
            _stuck.Add(path);
        }
    }

    private void SetProblem(string? problem)
    {
        if (status.SetProblem(problem) && problem is not null)
            logger.LogInformation("{Problem}", problem);
    }
}

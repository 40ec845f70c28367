using System.Diagnostics;

namespace SentinelCam.HangfireSqlite.Database;

/// <summary>
/// Named locks between all users of one file on this machine: in the process by this table, between processes by
/// a lock of the operating system on one byte of the lock file. The system lets go of it when the process dies,
/// and taking one writes nothing, which a row in the database could not say of itself. On macOS, where .NET has
/// no byte locks, they hold within the process only.
/// </summary>
internal sealed class FileLocks : IDisposable
{
    // A POSIX lock belongs to the process, not to the handle, and closing any handle of the file drops them all:
    // so storages of one process that share a file must share the handle and the table.
    private static readonly Dictionary<string, FileLocks> OpenFiles = new(StringComparer.Ordinal);

    private static readonly TimeSpan LongestPoll = TimeSpan.FromMilliseconds(50);

    private readonly string _path;
    private readonly FileStream _file;
    private readonly object _gate = new();
    private readonly Dictionary<long, Held> _held = [];
    private int _users;
    private int _waiting;
    private bool _closed;

    private FileLocks(string path)
    {
        _path = path;
        _file = new FileStream(
            path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
    }

    /// <summary>Opens the lock file, or joins those of this process that have it open.</summary>
    /// <exception cref="IOException">The file cannot be made or opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static FileLocks Open(string path)
    {
        path = Path.GetFullPath(path);
        lock (OpenFiles)
        {
            if (!OpenFiles.TryGetValue(path, out var locks)) OpenFiles.Add(path, locks = new FileLocks(path));
            locks._users++;
            return locks;
        }
    }

    /// <summary>Takes the lock for an owner, again and again if it has it already.</summary>
    /// <returns>False when others had it for the whole time.</returns>
    public bool TryAcquire(object owner, string resource, TimeSpan timeout)
    {
        var position = PositionOf(resource);
        var started = Stopwatch.GetTimestamp();
        var poll = TimeSpan.FromMilliseconds(1);

        lock (_gate)
        {
            while (true)
            {
                var wait = timeout < TimeSpan.Zero ? TimeSpan.MaxValue : timeout - Stopwatch.GetElapsedTime(started);

                if (_held.TryGetValue(position, out var held))
                {
                    if (ReferenceEquals(held.Owner, owner))
                    {
                        held.Level++;
                        return true;
                    }
                }
                else if (TryLockByte(position))
                {
                    _held.Add(position, new Held { Owner = owner, Level = 1 });
                    return true;
                }
                else
                {
                    // Another process has it, and cannot tell when it lets go.
                    if (poll < wait) wait = poll;
                    poll = poll * 2 < LongestPoll ? poll * 2 : LongestPoll;
                }

                if (wait <= TimeSpan.Zero) return false;

                _waiting++;
                if (wait.TotalMilliseconds < int.MaxValue) Monitor.Wait(_gate, Math.Max(1, (int)wait.TotalMilliseconds));
                else Monitor.Wait(_gate);
                _waiting--;
            }
        }
    }

    /// <summary>Undoes one <see cref="TryAcquire"/>; does nothing when the owner does not have the lock.</summary>
    public void Release(object owner, string resource)
    {
        var position = PositionOf(resource);
        lock (_gate)
        {
            if (!_held.TryGetValue(position, out var held) || !ReferenceEquals(held.Owner, owner)) return;
            if (--held.Level > 0) return;

            _held.Remove(position);
            if (!_closed) UnlockByte(position);
            if (_waiting > 0) Monitor.PulseAll(_gate);
        }
    }

    public void Dispose()
    {
        lock (OpenFiles)
        {
            if (--_users > 0) return;
            OpenFiles.Remove(_path);
            lock (_gate)
            {
                // A lock that is released later has gone with the file
                _closed = true;
                _file.Dispose();
            }
        }
    }

    // FNV-1a. Two names that meet in one position exclude each other needlessly, which does no harm.
    private static long PositionOf(string resource)
    {
        var hash = 14695981039346656037UL;
        foreach (var character in resource) hash = (hash ^ character) * 1099511628211UL;
        return (long)(hash >> 2);
    }

    private bool TryLockByte(long position)
    {
        if (OperatingSystem.IsMacOS()) return true;

        try
        {
            _file.Lock(position, 1);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private void UnlockByte(long position)
    {
        if (!OperatingSystem.IsMacOS()) _file.Unlock(position, 1);
    }

    private sealed class Held
    {
        public required object Owner { get; init; }

        public int Level { get; set; }
    }
}

using System.Collections.Concurrent;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>
/// Remembers sessions between requests. A session that was read is believed until the next commit of this process, so that nobody
/// who ends one can forget to say so, and for less than a second, because commands such as <c>account reset-password</c> are
/// processes of their own.
/// </summary>
public sealed class SessionCache(CommitSignal commits, TimeProvider time)
{
    /// <summary>How long a session is believed.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMilliseconds(900);

    private const int MaxEntries = 10_000;

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <param name="keyHash">Which session.</param>
    /// <param name="read">Reads it; null if it has ended.</param>
    public async Task<LiveSession?> GetAsync(string keyHash, Func<Task<LiveSession?>> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        if (_entries.TryGetValue(keyHash, out var known) && !known.Changed.IsCompleted
            && time.GetElapsedTime(known.ReadAt) < Lifetime)
            return known.Session;
        // Taken first, so that no commit falls in between
        var (changed, readAt) = (commits.Next, time.GetTimestamp());
        var session = await read();
        if (_entries.Count >= MaxEntries)
            _entries.Clear();
        _entries[keyHash] = new Entry(session, changed, readAt);
        return session;
    }

    private sealed record Entry(LiveSession? Session, Task Changed, long ReadAt);
}

namespace SentinelCam.Device;

/// <summary>What became of an event.</summary>
public enum DeviceEventResult
{
    /// <summary>It is in the log.</summary>
    Recorded,

    /// <summary>A success without three failures before it, which is not recorded.</summary>
    OrdinarySuccess,

    /// <summary>Its service is switched off.</summary>
    SwitchedOff,

    /// <summary>It had been recorded before.</summary>
    Repeated,
}

/// <summary>An event and what became of it.</summary>
public sealed record SeenEvent(DeviceEvent Event, DeviceEventResult Result);

/// <summary>What happened to log-ins of the device since the start, for administrators.</summary>
public sealed class DeviceStatus
{
    private const int MaxLast = 20;

    private readonly Lock _lock = new();
    private readonly Queue<SeenEvent> _last = [];
    private readonly SortedDictionary<string, long> _refused = new(StringComparer.Ordinal);
    private string? _problem;
    private long _dropped;

    /// <summary>Why events cannot be read now, and what to do; null if they can.</summary>
    public string? Problem
    {
        get
        {
            lock (_lock)
                return _problem;
        }
    }

    /// <summary>The last events, newest first.</summary>
    public IReadOnlyList<SeenEvent> Last
    {
        get
        {
            lock (_lock)
                return [.. _last.Reverse()];
        }
    }

    /// <summary>How many files were refused, by the reason.</summary>
    public IReadOnlyDictionary<string, long> Refused
    {
        get
        {
            lock (_lock)
                return new SortedDictionary<string, long>(_refused, StringComparer.Ordinal);
        }
    }

    /// <summary>How many events were dropped because too many came at once.</summary>
    public long Dropped
    {
        get
        {
            lock (_lock)
                return _dropped;
        }
    }

    /// <returns>Whether the problem is another one than before.</returns>
    internal bool SetProblem(string? problem)
    {
        lock (_lock)
        {
            var changed = _problem != problem;
            _problem = problem;
            return changed;
        }
    }

    internal void Add(SeenEvent seen)
    {
        lock (_lock)
        {
            _last.Enqueue(seen);
            if (_last.Count > MaxLast)
                _last.Dequeue();
        }
    }

    /// <returns>How many were refused for this reason, with this one.</returns>
    internal long AddRefused(string reason)
    {
        lock (_lock)
            return _refused[reason] = _refused.GetValueOrDefault(reason) + 1;
    }

    internal void AddDropped(int count)
    {
        lock (_lock)
            _dropped += count;
    }
}

using System.Collections.Concurrent;

namespace SentinelCam.Cameras;

/// <summary>
/// Counts the threads that hang in native code, by camera source. The app has one instance, so choosing a source again does
/// not reset its count.
/// </summary>
public sealed class StuckThreads
{
    private const int Max = 3;

    private readonly ConcurrentDictionary<string, int> _counts = new();

    /// <summary>Whether so many threads hang that the source must not start another one.</summary>
    internal bool AreTooMany(string source) => _counts.GetValueOrDefault(source) >= Max;

    /// <summary>Counts a thread as stuck until it ends.</summary>
    internal void Add(string source, Task ended)
    {
        _counts.AddOrUpdate(source, 1, (_, count) => count + 1);
        _ = ended.ContinueWith(_ => _counts.AddOrUpdate(source, 0, (_, count) => count - 1), TaskScheduler.Default);
    }
}

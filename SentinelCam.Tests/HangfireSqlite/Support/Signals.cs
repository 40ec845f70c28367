using System.Collections.Concurrent;

namespace SentinelCam.Tests.HangfireSqlite.Support;

/// <summary>
/// What jobs tell the tests that started them. A job reaches its test by a name, since Hangfire writes its
/// arguments to the file.
/// </summary>
public static class Signals
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private static readonly ConcurrentDictionary<string, BlockingCollection<string>> Messages = new();

    public static string NewName() => Guid.NewGuid().ToString("N");

    /// <summary>The job that tests enqueue: it says that it ran.</summary>
    public static void Send(string name, string message) => Of(name).Add(message);

    public static string Receive(string name) =>
        Of(name).TryTake(out var message, Patience) ? message : throw new TimeoutException($"Nothing came for {name}");

    private static BlockingCollection<string> Of(string name) => Messages.GetOrAdd(name, static _ => []);
}

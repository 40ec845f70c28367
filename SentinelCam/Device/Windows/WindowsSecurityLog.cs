using System.Diagnostics.Eventing.Reader;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using System.Threading.Channels;

namespace SentinelCam.Device;

/// <summary>The real security log. It has not been tried on Windows yet.</summary>
[SupportedOSPlatform("windows")]
internal sealed class WindowsSecurityLog : ISecurityLog
{
    /// <summary>How many events wait at most. Beyond that, the log itself keeps them.</summary>
    private const int MaxWaiting = 1_000;

    private const string Query = "*[System[Provider[@Name='Microsoft-Windows-Security-Auditing']"
        + " and (EventID=4624 or EventID=4625 or EventID=4800 or EventID=4801)]]";

    public IAsyncEnumerable<SecurityLogEntry> Open(string? bookmark, CancellationToken cancellationToken)
    {
        var events = Channel.CreateBounded<SecurityLogEntry>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
        EventLogWatcher? watcher = null;
        try
        {
            var query = new EventLogQuery("Security", PathType.LogName, Query);
            var from = Bookmark(bookmark);
            watcher = new EventLogWatcher(query, from, readExistingEvents: from is not null);
            watcher.EventRecordWritten += (_, written) => Add(events.Writer, written, cancellationToken);
            watcher.Enabled = true;
            return ReadAsync(watcher, events, cancellationToken);
        }
        catch (UnauthorizedAccessException error)
        {
            watcher?.Dispose();
            throw new IOException(
                "Windows' security log cannot be read. Add the account that runs SentinelCam to the group Event Log Readers.",
                error);
        }
        catch (EventLogException error)
        {
            watcher?.Dispose();
            throw new IOException(error.Message, error);
        }
    }

    /// <summary>The bookmark; null if there is none, or if its file was cut off.</summary>
    private static EventBookmark? Bookmark(string? xml) =>
        xml is not null && xml.EndsWith("</BookmarkList>", StringComparison.Ordinal) ? new EventBookmark(xml) : null;

    private static void Add(
        ChannelWriter<SecurityLogEntry> events, EventRecordWrittenEventArgs written, CancellationToken cancellationToken)
    {
        try
        {
            if (written.EventRecord is not { } record)
            {
                events.TryComplete(written.EventException);
                return;
            }

            using (record)
            {
                // The watcher waits meanwhile
                events.WriteAsync(new(record.ToXml(), record.Bookmark.BookmarkXml), cancellationToken).AsTask()
                    .GetAwaiter().GetResult();
            }
        }
        catch (Exception error) when (error is EventLogException or OperationCanceledException or ChannelClosedException)
        {
            events.TryComplete(error as EventLogException);
        }
    }

    private static async IAsyncEnumerable<SecurityLogEntry> ReadAsync(
        EventLogWatcher watcher, Channel<SecurityLogEntry> events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var entry in events.Reader.ReadAllAsync(cancellationToken))
                yield return entry;
        }
        finally
        {
            // Ends a callback that waits for room; the watcher waits for the callback
            events.Writer.TryComplete();
            watcher.Dispose();
        }
    }
}

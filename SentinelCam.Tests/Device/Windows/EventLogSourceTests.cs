using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Device;
using SentinelCam.Tests.Cameras;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>How Windows' security log is followed. The log itself is replaced: it exists on Windows only.</summary>
public sealed class EventLogSourceTests : FakeCameraFeed, IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
    private readonly DataDirectory _data;
    private readonly EventList _log = new();
    private readonly DeviceStatus _status = new();

    public EventLogSourceTests() => _data = SourceRun.Open(_directory);

    public void Dispose()
    {
        _data.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Reading_goes_on_behind_the_last_recorded_event()
    {
        await using (var run = new SourceRun(Source()))
        {
            _log.Write(SecurityEvents.Failure(id: 1));
            await UntilAsync(() => run.Events.Count == 1);
        }

        _log.Write(SecurityEvents.Failure(id: 2));
        await using var again = new SourceRun(Source());
        await UntilAsync(() => again.Events.Count == 1);

        Assert.Equal([null, "1"], _log.Openings);
        Assert.StartsWith("eventlog:2:", again.Events[0].Key, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Event_that_could_not_be_recorded_is_handed_over_again()
    {
        _log.Write(SecurityEvents.Failure(id: 1));
        await using (var failing = new SourceRun(Source(), _ => throw new IOException("disk full")))
            await Assert.ThrowsAsync<IOException>(() => failing.Running);

        await using var run = new SourceRun(Source());

        await UntilAsync(() => run.Events.Count == 1);
    }

    [Fact]
    public async Task Log_that_stops_is_opened_again()
    {
        await using var run = new SourceRun(Source());
        _log.Write(SecurityEvents.Failure(id: 1));
        await UntilAsync(() => run.Events.Count == 1);

        _log.Stop();
        _log.Write(SecurityEvents.Failure(id: 2));

        await UntilAsync(() => run.Events.Count == 2, TimeSpan.FromSeconds(1));
        Assert.Equal([null, "1"], _log.Openings);
    }

    [Fact]
    public async Task Unreadable_event_is_counted_and_passed_over()
    {
        await using var run = new SourceRun(Source());

        _log.Write("<!DOCTYPE x>");
        _log.Write("<");
        _log.Write(SecurityEvents.Failure(id: 3));

        await UntilAsync(() => run.Events.Count == 1);
        Assert.Equal(2, _status.Refused["an unreadable event of Windows"]);
    }

    [Fact]
    public async Task Bookmark_that_was_cut_off_is_as_none()
    {
        File.WriteAllText(Path.Combine(_data.Root, EventLogSource.PositionFile), "");

        await using var run = new SourceRun(Source());

        await UntilAsync(() => _log.Openings.Count == 1);
        Assert.Equal([null], _log.Openings);
    }

    [Fact]
    public async Task Camera_is_open_while_the_screen_is_locked_until_somebody_logs_in()
    {
        await using var run = new SourceRun(Source(warmWhileLocked: true));
        _log.Write(SecurityEvents.Screen(4800));
        await UntilAsync(() => Camera.IsOpen);
        await SendFramesForAsync(TimeSpan.FromSeconds(100));
        Assert.Equal((true, 1), (Camera.IsOpen, Camera.Openings));

        // Of another user, while the session of the first one stays locked
        _log.Write(SecurityEvents.Success(user: "Ben"));

        await UntilOffAsync();
    }

    [Fact]
    public async Task Camera_closes_after_the_screen_is_unlocked()
    {
        await using var run = new SourceRun(Source(warmWhileLocked: true));
        _log.Write(SecurityEvents.Screen(4800));
        await UntilAsync(() => Camera.IsOpen);

        _log.Write(SecurityEvents.Screen(4801));

        await UntilOffAsync();
    }

    [Fact]
    public async Task Locked_screen_leaves_the_camera_closed_unless_that_is_switched_on()
    {
        await using var run = new SourceRun(Source());
        _log.Write(SecurityEvents.Screen(4800));
        _log.Write(SecurityEvents.Failure());

        await UntilAsync(() => run.Events.Count == 1);

        Assert.Equal(0, Camera.Openings);
    }

    private Task UntilOffAsync() => UntilAsync(
        () => Feed.Status.State == CameraState.Off, TimeSpan.FromSeconds(4), () => Camera.Send(FrameNow()));

    private EventLogSource Source(bool warmWhileLocked = false)
    {
        var options = new DeviceOptions(DeviceSource.EventLog, PhotographRemote: false, warmWhileLocked, Spool: "");
        return new(_log, _data, new LockedScreens(options, Feed, Time), _status, Time, new LogRecord<EventLogSource>());
    }

    /// <summary>A log that keeps its events. The bookmark is the number of an event.</summary>
    private sealed class EventList : ISecurityLog
    {
        private readonly List<string> _events = [];
        private readonly ConcurrentQueue<string?> _openings = new();
        private Channel<int> _news = Channel.CreateUnbounded<int>();

        /// <summary>The bookmarks with which it was opened.</summary>
        public IReadOnlyList<string?> Openings => [.. _openings];

        public void Write(string xml)
        {
            lock (_events)
            {
                _events.Add(xml);
                _news.Writer.TryWrite(0);
            }
        }

        /// <summary>Ends the reading that is under way.</summary>
        public void Stop()
        {
            lock (_events)
            {
                _news.Writer.Complete();
                _news = Channel.CreateUnbounded<int>();
            }
        }

        public IAsyncEnumerable<SecurityLogEntry> Open(string? bookmark, CancellationToken cancellationToken)
        {
            _openings.Enqueue(bookmark);
            return ReadAsync(bookmark is null ? 0 : int.Parse(bookmark, null), _news, cancellationToken);
        }

        private async IAsyncEnumerable<SecurityLogEntry> ReadAsync(
            int next, Channel<int> news, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            do
            {
                while (true)
                {
                    string xml;
                    lock (_events)
                    {
                        if (news != _news)
                            yield break;
                        if (next == _events.Count)
                            break;
                        xml = _events[next++];
                    }

                    yield return new(xml, $"{next}");
                }
            }
            while (await news.Reader.WaitToReadAsync(cancellationToken) && news.Reader.TryRead(out _));
        }
    }
}

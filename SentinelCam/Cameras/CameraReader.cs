using SentinelCam.Cameras.Frames;

namespace SentinelCam.Cameras;

/// <summary>Keeps the camera open while somebody holds it or it is to be warm, and its recent frames in the ring.</summary>
internal sealed class CameraReader : IAsyncDisposable
{
    private readonly FrameJudge _judge;
    private readonly TimeProvider _time;
    private readonly CameraFeedLimits _limits;
    private readonly long _started;

    private readonly Lock _gate = new();
    private readonly FrameRing _ring;
    private readonly CameraStatusTracker _status;
    private readonly ITimer _idle;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ICamera _camera;
    private CameraSession? _session;
    private Task _reading = Task.CompletedTask;
    private TimeSpan _warmUntil;
    private TimeSpan _clockOffset;
    private DateTimeOffset _switchedAt = DateTimeOffset.MinValue;
    private int _holders;
    private long _faults;
    private bool _disposed;

    public CameraReader(ICamera camera, FrameJudge judge, string name, TimeProvider time, ILogger logger, CameraFeedLimits limits)
    {
        (_camera, _judge, _time, _limits) = (camera, judge, time, limits);
        _started = time.GetTimestamp();
        _ring = new FrameRing(limits.RingBytes, limits.RingFrames);
        _status = new CameraStatusTracker(name, logger, limits.StaleAfter);
        _clockOffset = ClockOffset();
        _idle = time.CreateTimer(_ => CloseIfIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public CameraStatus Status
    {
        get
        {
            lock (_gate)
                return _status.Status(_camera, _ring, Elapsed);
        }
    }

    /// <summary>When another camera took the place of the one before.</summary>
    public DateTimeOffset SwitchedAt
    {
        get
        {
            lock (_gate)
                return _switchedAt;
        }
    }

    /// <summary>Runs through clock changes; from the start of this reader.</summary>
    private TimeSpan Elapsed => _time.GetElapsedTime(_started);

    public CameraView View()
    {
        lock (_gate)
            return new CameraView(_ring.ToArray(), _faults, _status.Fault, _changed.Task);
    }

    /// <summary>Looks whether the camera could work, so that its state is known before the first capture.</summary>
    public void Check()
    {
        var camera = _camera;
        var fault = camera.Check();
        lock (_gate)
        {
            if (fault is null || _session is not null || _status.IsKnown || camera != _camera)
                return;
            _status.Failed(fault, _time.GetUtcNow());
        }
        _status.LogOnce(camera.Source, fault);
    }

    /// <summary>Opens the camera if need be, tries a failed one at once, and keeps it open until <see cref="Release"/>.</summary>
    public void Hold()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _holders++;
            _idle.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _wake.TrySetResult();
            Open();
        }
    }

    /// <summary>Lets go; after the last one the camera stays open for the idle time.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _holders--;
            // The frames after the picture are still to come
            StayOpen(_limits.Warm == CameraWarmth.Never ? FrameStrip.Longest : _limits.IdleTimeout);
        }
    }

    /// <summary>Opens the camera if need be and keeps it open for some time; returns at once, and a failed camera is not tried sooner for it.</summary>
    public void Warm(TimeSpan duration)
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            Open();
            StayOpen(duration);
        }
    }

    /// <summary>Takes another camera in place of the one it has, which is closed first.</summary>
    public void Switch(ICamera camera)
    {
        lock (_gate)
        {
            if (_disposed || camera == _camera)
                return;
            var (old, wanted) = (_camera, _session is not null);
            Close();
            _camera = camera;
            _switchedAt = _time.GetUtcNow();
            _ring.Forget();
            _status.Forget();
            _reading = DisposeAfterAsync(_reading, old);
            if (wanted)
                Open();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task reading;
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            Close();
            reading = _reading;
        }
        await _idle.DisposeAsync();
        // A camera that does not let go in time is left behind: its thread is a background thread
        await reading.WaitAsync(TimeSpan.FromSeconds(3), CancellationToken.None)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task DisposeAfterAsync(Task reading, ICamera camera)
    {
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        (camera as IDisposable)?.Dispose();
    }

    /// <summary>Under the lock.</summary>
    private void Open()
    {
        if (_session is not null)
            return;
        var session = _session = new CameraSession(this, _camera, _status, _judge, _time, _limits);
        _status.Opening();
        var previous = _reading;
        // The reader outlives the capture that starts it: it must not log under that capture's scope
        using (ExecutionContext.SuppressFlow())
            _reading = Task.Run(async () =>
            {
                using (session)
                    await session.RunAsync(previous);
            });
    }

    /// <summary>Prolongs the time that the camera stays open without a holder. Under the lock.</summary>
    private void StayOpen(TimeSpan duration)
    {
        var until = Elapsed + duration;
        if (until > _warmUntil)
            _warmUntil = until;
        if (_holders == 0 && !_disposed)
            CloseOrWait();
    }

    private void CloseIfIdle()
    {
        lock (_gate)
        {
            if (_holders == 0 && !_disposed)
                CloseOrWait();
        }
    }

    private void CloseOrWait()
    {
        if (_limits.Warm == CameraWarmth.Always)
            return;
        var left = _warmUntil - Elapsed;
        if (left <= TimeSpan.Zero)
            Close();
        else
            _idle.Change(left, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends the reader and forgets its frames; a fault stays in sight. Under the lock.</summary>
    private void Close()
    {
        _session?.Close();
        _session = null;
        _ring.Clear();
        _status.Closed();
    }

    public void Add(Frame frame, bool settled, FrameVerdict? verdict, CameraSession session)
    {
        lock (_gate)
        {
            if (session.IsClosed)
                return;
            // After the clock was set, the times of older frames mean nothing
            var offset = ClockOffset();
            if ((offset - _clockOffset).Duration() > _limits.StaleAfter)
                _ring.Clear();
            _clockOffset = offset;
            _status.Live(frame);
            _ring.Add(frame, Elapsed, settled, verdict);
            Announce();
        }
    }

    /// <summary>Makes a fault known.</summary>
    /// <returns>Whether a capture waits for the next try, and what tells of one that comes; null when this reader is over.</returns>
    public (bool IsWaitedFor, Task Woken)? Report(CameraFault fault, CameraSession session)
    {
        (bool, Task) pause;
        lock (_gate)
        {
            if (session.IsClosed)
                return null;
            _status.Failed(fault, _time.GetUtcNow());
            _faults++;
            _wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            pause = (_holders > 0 && !fault.Permanent, _wake.Task);
            Announce();
        }
        _status.LogOnce(session.Camera.Source, fault);
        return pause;
    }

    private TimeSpan ClockOffset() => _time.GetUtcNow() - DateTimeOffset.UnixEpoch - Elapsed;

    private void Announce()
    {
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }
}


namespace SentinelCam.Cameras;

/// <summary>Opens and closes the camera, and keeps its recent frames in a ring.</summary>
/// <remarks>The camera is open while a capture holds it, and for some time after a visit or a capture.</remarks>
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

    public ICamera Camera
    {
        get
        {
            lock (_gate)
                return _camera;
        }
    }

    /// <summary>When the camera was last replaced.</summary>
    public DateTimeOffset SwitchedAt
    {
        get
        {
            lock (_gate)
                return _switchedAt;
        }
    }

    /// <summary>Time since this reader was created; not affected by changes of the clock.</summary>
    private TimeSpan Elapsed => _time.GetElapsedTime(_started);

    public CameraView View()
    {
        lock (_gate)
            return new CameraView(_ring.ToArray(), _faults, _status.Fault, _changed.Task);
    }

    /// <summary>Checks whether the camera can work, so that its state is known before the first capture.</summary>
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

    /// <summary>
    /// Opens the camera if necessary, retries a failed one at once, and keeps it open until <see cref="Release"/>.
    /// </summary>
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

    /// <summary>Ends a <see cref="Hold"/>. After the last one, the camera stays open.</summary>
    /// <param name="staysOpen">For how long; null for the idle time.</param>
    public void Release(TimeSpan? staysOpen = null)
    {
        lock (_gate)
        {
            _holders--;
            // The strip's frames after the picture are still to come
            StayOpen(staysOpen ?? (_limits.Warm == CameraWarmth.Never ? FrameStrip.Longest : _limits.IdleTimeout));
        }
    }

    /// <summary>
    /// Opens the camera if necessary and keeps it open for some time. Returns at once, and does not hasten a retry.
    /// </summary>
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

    /// <summary>Closes the camera and replaces it with another one.</summary>
    public void Switch(ICamera camera)
    {
        lock (_gate)
        {
            if (_disposed || camera == _camera)
                return;
            var wanted = _session is not null;
            Close();
            _camera = camera;
            _switchedAt = _time.GetUtcNow();
            _ring.Forget();
            _status.Forget();
            if (wanted)
                Open();
        }
    }

    /// <summary>Takes a session's frame, unless the session is closed.</summary>
    public void Add(Frame frame, bool settled, FrameVerdict? verdict, CameraSession session)
    {
        lock (_gate)
        {
            if (session.IsClosed)
                return;
            // After the clock was set, the times of older frames are meaningless
            var offset = ClockOffset();
            if ((offset - _clockOffset).Duration() > _limits.StaleAfter)
                _ring.Clear();
            _clockOffset = offset;
            _status.Live(frame);
            _ring.Add(frame, Elapsed, settled, verdict);
            Announce();
        }
    }

    /// <summary>Takes a session's fault.</summary>
    /// <returns>
    /// Whether a capture is waiting for the next try, and a task that completes when the next capture starts. Null if the
    /// session is closed.
    /// </returns>
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
        // A camera that does not close in time is abandoned: its thread is a background thread
        await reading.WaitAsync(TimeSpan.FromSeconds(3), CancellationToken.None)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Requires the lock.</summary>
    private void Open()
    {
        if (_session is not null)
            return;
        var session = _session = new CameraSession(this, _camera, _status, _judge, _time, _limits);
        _status.Opening();
        var previous = _reading;
        // The session outlives the capture that starts it, so it must not log in that capture's scope
        using (ExecutionContext.SuppressFlow())
            _reading = Task.Run(async () =>
            {
                using (session)
                    await session.RunAsync(previous);
            });
    }

    /// <summary>Extends the time that the camera stays open without a holder. Requires the lock.</summary>
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

    /// <summary>Closes the camera and drops its frames. A fault stays visible. Requires the lock.</summary>
    private void Close()
    {
        _session?.Close();
        _session = null;
        _ring.Clear();
        _status.Closed();
    }

    private TimeSpan ClockOffset() => _time.GetUtcNow() - DateTimeOffset.UnixEpoch - Elapsed;

    private void Announce()
    {
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }
}

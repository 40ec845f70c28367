using SentinelCam.Cameras.Frames;
using SentinelCam.Cameras.Sources;

namespace SentinelCam.Cameras;

/// <summary>What a capture sees of the camera at one instant.</summary>
/// <param name="Frames">The ring, oldest first.</param>
/// <param name="Faults">How many faults there have been since the start.</param>
/// <param name="Fault">The fault that has not been followed by a frame, or null.</param>
/// <param name="Changed">Completes with the next frame or fault.</param>
internal sealed record CameraView(RingFrame[] Frames, long Faults, CameraFault? Fault, Task Changed);

/// <summary>Keeps the camera open while somebody holds it or it is to be warm, and its recent frames in the ring.</summary>
internal sealed class CameraReader : IAsyncDisposable
{
    private readonly FrameJudge _judge;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CameraFeedLimits _limits;
    private readonly string _name;
    private readonly long _started;

    private readonly Lock _gate = new();
    private readonly FrameRing _ring;
    private readonly CameraStatusTracker _condition;
    private readonly ITimer _idle;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ICamera _camera;
    private CancellationTokenSource? _open;
    private Task _reading = Task.CompletedTask;
    private TimeSpan _warmUntil;
    private TimeSpan _clockOffset;
    private DateTimeOffset _switchedAt = DateTimeOffset.MinValue;
    private int _holders;
    private long _faults;
    private bool _disposed;

    public CameraReader(ICamera camera, FrameJudge judge, string name, TimeProvider time, ILogger logger, CameraFeedLimits limits)
    {
        (_camera, _judge, _name, _time, _logger, _limits) = (camera, judge, name, time, logger, limits);
        _started = time.GetTimestamp();
        _ring = new FrameRing(limits.RingBytes, limits.RingFrames);
        _condition = new CameraStatusTracker(name, logger, limits.StaleAfter);
        _clockOffset = ClockOffset();
        _idle = time.CreateTimer(_ => CloseIfIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public CameraStatus Status
    {
        get
        {
            lock (_gate)
                return _condition.Status(_camera, _ring, Elapsed);
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
            return new CameraView(_ring.ToArray(), _faults, _condition.Fault, _changed.Task);
    }

    /// <summary>Looks whether the camera could work, so that its state is known before the first capture.</summary>
    public void Check()
    {
        var camera = _camera;
        var fault = camera.Check();
        lock (_gate)
        {
            if (fault is null || _open is not null || _condition.IsKnown || camera != _camera)
                return;
            _condition.Failed(fault, _time.GetUtcNow());
        }
        _condition.LogOnce(camera.Source, fault);
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
            var (old, wanted) = (_camera, _open is not null);
            Close();
            _camera = camera;
            _switchedAt = _time.GetUtcNow();
            _ring.Forget();
            _condition.Forget();
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
        if (_open is not null)
            return;
        _open = new CancellationTokenSource();
        _condition.Opening();
        var (previous, camera, open) = (_reading, _camera, _open);
        // The reader outlives the capture that starts it: it must not log under that capture's scope
        using (ExecutionContext.SuppressFlow())
            _reading = Task.Run(() => ReadAsync(previous, camera, open));
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
        _open?.Cancel();
        _open = null;
        _ring.Clear();
        _condition.Closed();
    }

    private async Task ReadAsync(Task previous, ICamera camera, CancellationTokenSource open)
    {
        using (open)
        {
            // One owner at a time: a device cannot be opened twice
            await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (open.IsCancellationRequested)
                return;
            _condition.LogOnce(camera.Source, CameraState.Opening);
            var retry = _limits.FirstRetryDelay;
            // After a fault frames must come for a while before the log says so
            var proof = View().Fault is null ? TimeSpan.Zero : retry;
            while (!open.IsCancellationRequested)
            {
                var (fault, liveFor) = await ReadUntilFaultAsync(camera, proof, open.Token);
                // One that sends a picture and hangs up is no better than one that sends none
                if (liveFor >= retry)
                    retry = _limits.FirstRetryDelay;
                if (Report(fault, camera, open) is not { } pause)
                    break;
                // A capture that comes does not wait for the next try, and one that waits already gets it soon
                var wait = pause.IsWaitedFor ? _limits.FirstRetryDelay : retry;
                await pause.Woken.WaitAsync(wait, _time, open.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                retry = retry * 2 < _limits.LongestRetryDelay ? retry * 2 : _limits.LongestRetryDelay;
                proof = retry;
            }
            _condition.LogOnce(camera.Source, CameraState.Off);
        }
    }

    /// <returns>Why it ended, and how long frames came.</returns>
    private async Task<(CameraFault Fault, TimeSpan LiveFor)> ReadUntilFaultAsync(ICamera camera, TimeSpan proof, CancellationToken open)
    {
        using var silence = new CancellationTokenSource(_limits.OpeningTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(open, silence.Token);
        // Told once: a slow camera may pause for so long between any two pictures
        var paused = false;
        await using var pause = _time.CreateTimer(_ =>
        {
            // A device that takes its time to close sends nothing either
            if (open.IsCancellationRequested)
                return;
            paused = true;
            _condition.LogOnce(camera.Source, CameraState.Stale);
        }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        TimeSpan? first = null;
        var liveFor = TimeSpan.Zero;
        try
        {
            var settling = new ExposureSettling(_time, camera.StartsDark);
            await foreach (var frame in camera.ReadAsync(either.Token))
            {
                silence.CancelAfter(_limits.SilenceTimeout);
                if (!paused)
                    pause.Change(_limits.StaleAfter, Timeout.InfiniteTimeSpan);
                // Looked at only until the exposure has settled: afterwards nothing is decoded that no capture looks at
                var verdict = settling.IsOver ? null : _judge.Judge(frame);
                Add(frame, camera, settling.IsSettled(verdict), verdict, open);
                first ??= Elapsed;
                liveFor = Elapsed - first.Value;
                if (liveFor >= proof && !open.IsCancellationRequested)
                    _condition.LogOnce(camera, frame);
            }
            return (CameraFaults.Ended, liveFor);
        }
        catch (CameraException e)
        {
            return (e.Fault, liveFor);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return (CameraFaults.Silent, liveFor);
        }
        catch (Exception e)
        {
            // Whatever a camera does, the feed lives on; the message is left out, for it may quote the address
            _logger.LogDebug("Camera {Camera} failed with {Exception}: {StackTrace}", _name, e.GetType().Name, e.StackTrace);
            return (CameraFaults.Unexpected(e), liveFor);
        }
    }

    private void Add(Frame frame, ICamera camera, bool settled, FrameVerdict? verdict, CancellationToken open)
    {
        lock (_gate)
        {
            if (open.IsCancellationRequested)
                return;
            // After the clock was set, the times of older frames mean nothing
            var offset = ClockOffset();
            if ((offset - _clockOffset).Duration() > _limits.StaleAfter)
                _ring.Clear();
            _clockOffset = offset;
            _condition.Live(frame);
            _ring.Add(frame, Elapsed, settled, verdict);
            Announce();
        }
    }

    /// <summary>Makes a fault known.</summary>
    /// <returns>Whether a capture waits for the next try, and what tells of one that comes; null when this reader is over.</returns>
    private (bool IsWaitedFor, Task Woken)? Report(CameraFault fault, ICamera camera, CancellationTokenSource open)
    {
        (bool, Task) pause;
        lock (_gate)
        {
            if (open.IsCancellationRequested)
                return null;
            _condition.Failed(fault, _time.GetUtcNow());
            _faults++;
            _wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            pause = (_holders > 0 && !fault.Permanent, _wake.Task);
            Announce();
        }
        _condition.LogOnce(camera.Source, fault);
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

namespace SentinelCam.Capture;

/// <summary>What a capture sees of the camera at one instant.</summary>
/// <param name="Frames">The ring, oldest first.</param>
/// <param name="Faults">How many faults there have been since the start.</param>
/// <param name="Fault">The fault that has not been followed by a frame, or null.</param>
/// <param name="Changed">Completes with the next frame or fault.</param>
internal sealed record CameraView(RingFrame[] Frames, long Faults, CameraFault? Fault, Task Changed);

/// <summary>Keeps the camera open while somebody holds it, and its recent frames in the ring.</summary>
internal sealed class CameraReader : IAsyncDisposable
{
    private readonly ICamera _camera;
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CameraFeedLimits _limits;

    private readonly Lock _gate = new();
    private readonly FrameRing _ring;
    private readonly ITimer _idle;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _open;
    private Task _reading = Task.CompletedTask;
    private int _holders;
    private bool _disposed;
    private CameraState _state = CameraState.Off;
    private CameraFault? _fault;
    private long _faults;
    private string? _logged;
    private Frame? _last;

    public CameraReader(ICamera camera, string name, TimeProvider time, ILogger logger, CameraFeedLimits limits)
    {
        (_camera, _name, _time, _logger, _limits) = (camera, name, time, logger, limits);
        _ring = new FrameRing(limits.RingBytes, limits.RingFrames);
        _idle = time.CreateTimer(_ => CloseIfIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public CameraStatus Status
    {
        get
        {
            lock (_gate)
            {
                var silent = _state == CameraState.Live && _time.GetUtcNow() - _last!.TakenAt > _limits.Stale;
                return new CameraStatus(
                    silent ? CameraState.Stale : _state,
                    _name,
                    _camera.Source,
                    _fault is { } fault ? $"{fault.Problem}." : silent ? "The camera has stopped sending pictures." : null,
                    _fault is { } same ? $"{same.Remedy}." : silent ? "It is opened again if it stays silent." : null,
                    _last?.TakenAt,
                    _last?.Width ?? 0,
                    _last?.Height ?? 0);
            }
        }
    }

    public CameraView View()
    {
        lock (_gate)
            return new CameraView(_ring.ToArray(), _faults, _fault, _changed.Task);
    }

    /// <summary>Looks whether the camera could work, so that its state is known before the first capture.</summary>
    public void Check()
    {
        var fault = _camera.Check();
        lock (_gate)
        {
            if (fault is null || _open is not null || _last is not null)
                return;
            (_state, _fault) = (fault.State, fault);
        }
        LogOnce(fault.Sentence, fault);
    }

    /// <summary>Opens the camera if need be and keeps it open until <see cref="Release"/>.</summary>
    public void Hold()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _holders++;
            _idle.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            if (_open is not null)
                return;
            _open = new CancellationTokenSource();
            _state = CameraState.Opening;
            var (previous, open) = (_reading, _open);
            // The reader outlives the capture that starts it: it must not log under that capture's scope
            using (ExecutionContext.SuppressFlow())
                _reading = Task.Run(() => ReadAsync(previous, open));
        }
    }

    /// <summary>Lets go; the last one starts the idle time.</summary>
    public void Release()
    {
        lock (_gate)
        {
            if (--_holders == 0 && !_disposed)
                _idle.Change(_limits.Idle, Timeout.InfiniteTimeSpan);
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

    private void CloseIfIdle()
    {
        lock (_gate)
        {
            if (_holders == 0)
                Close();
        }
    }

    /// <summary>Ends the reader and forgets its frames; a fault stays in sight. Under the lock.</summary>
    private void Close()
    {
        _open?.Cancel();
        _open = null;
        _ring.Clear();
        _state = _fault?.State ?? CameraState.Off;
    }

    private async Task ReadAsync(Task previous, CancellationTokenSource open)
    {
        using (open)
        {
            // One owner at a time: a device cannot be opened twice
            await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (!open.IsCancellationRequested)
            {
                var fault = await ReadUntilFaultAsync(open.Token);
                if (!Report(fault, open))
                    return;
                await Task.Delay(_limits.Retry, _time, open.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!StillWanted(open))
                    return;
            }
        }
    }

    private async Task<CameraFault> ReadUntilFaultAsync(CancellationToken open)
    {
        using var silence = new CancellationTokenSource(_limits.Opening, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(open, silence.Token);
        try
        {
            await foreach (var frame in _camera.ReadAsync(either.Token))
            {
                silence.CancelAfter(_limits.Silence);
                Add(frame, open);
            }
            return CameraFaults.Ended;
        }
        catch (CameraException e)
        {
            return e.Fault;
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return CameraFaults.Silent;
        }
        catch (Exception e)
        {
            // Whatever a camera does, the feed lives on; the message is left out, for it may quote the address
            _logger.LogDebug("Camera {Camera} failed with {Exception}: {StackTrace}", _name, e.GetType().Name, e.StackTrace);
            return CameraFaults.Unexpected(e);
        }
    }

    private void Add(Frame frame, CancellationToken open)
    {
        lock (_gate)
        {
            if (open.IsCancellationRequested)
                return;
            (_state, _fault, _last) = (CameraState.Live, null, frame);
            _ring.Add(frame);
            Announce();
        }
        LogOnce($"live {frame.Width}x{frame.Height}", null, frame);
    }

    /// <summary>Makes a fault known; false when this reader is over.</summary>
    private bool Report(CameraFault fault, CancellationTokenSource open)
    {
        lock (_gate)
        {
            if (open.IsCancellationRequested)
                return false;
            (_state, _fault) = (fault.State, fault);
            _faults++;
            if (fault.Permanent)
                _open = null; // in the same breath, so that the next capture starts afresh
            Announce();
        }
        LogOnce(fault.Sentence, fault);
        return !fault.Permanent;
    }

    /// <summary>Whether a failed camera is to be tried again now: only while a capture waits for it.</summary>
    private bool StillWanted(CancellationTokenSource open)
    {
        lock (_gate)
        {
            if (open.IsCancellationRequested)
                return false;
            if (_holders > 0)
                return true;
            _open = null;
            return false;
        }
    }

    private void Announce()
    {
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    /// <summary>Logs a state when it differs from the one logged before, not at every try.</summary>
    private void LogOnce(string state, CameraFault? fault, Frame? frame = null)
    {
        if (Interlocked.Exchange(ref _logged, state) == state)
            return;
        if (fault is not null)
            _logger.LogWarning("Camera {Camera} ({Source}): {Problem}", _name, _camera.Source, fault.Sentence);
        else if (frame is not null)
            _logger.LogInformation(
                "Camera {Camera} ({Source}) is live: {Width}x{Height}{Demo}",
                _name, _camera.Source, frame.Width, frame.Height, frame.Quality == FrameQuality.Demo ? ", DEMO pictures" : "");
    }
}

namespace SentinelCam.Capture;

/// <summary>The one owner of the camera: opens it on demand and picks the frame of a moment.</summary>
/// <remarks>
/// Captures read a ring of recent frames and never touch the device; several in a row share one open camera, which
/// closes after an idle time.
/// </remarks>
public sealed class CameraFeed : IHostedService, IAsyncDisposable
{
    private readonly CameraReader _reader;
    private readonly FrameJudge _judge;
    private readonly TimeProvider _time;
    private readonly CameraFeedLimits _limits;

    /// <param name="camera">The source of frames.</param>
    /// <param name="name">Shown beside every picture.</param>
    /// <param name="library">OpenCV, with which frames are looked at where it loads.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told of every change of state, once.</param>
    /// <param name="limits">Other limits than the usual ones, for tests.</param>
    public CameraFeed(
        ICamera camera,
        string name,
        OpenCvLibrary library,
        TimeProvider time,
        ILogger<CameraFeed> logger,
        CameraFeedLimits? limits = null)
    {
        _limits = limits ?? new CameraFeedLimits();
        _reader = new CameraReader(camera, name, time, logger, _limits);
        _judge = new FrameJudge(library);
        _time = time;
        Name = name;
    }

    /// <summary>As configured in <c>Camera:Name</c>.</summary>
    public string Name { get; }

    /// <summary>What the camera is doing now; cheap, and never waits for the camera.</summary>
    public CameraStatus Status => _reader.Status;

    /// <summary>Takes the frame nearest to a moment: within the second before it, or else the first one after it.</summary>
    /// <remarks>
    /// A good frame is preferred to a black or uniform one while it can still be had within three seconds. When the camera
    /// has stopped, a frame from before the moment comes labelled <see cref="FrameQuality.Stale"/>.
    /// </remarks>
    /// <param name="moment">When what is to be seen happened; a moment in the future means now.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>After at most ten seconds: a frame, or the reason why there is none.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled; a camera's fault never throws.</exception>
    public async Task<CaptureResult> CaptureAsync(DateTimeOffset moment, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        if (moment > now)
            moment = now;
        using var limit = new CancellationTokenSource(_limits.Capture, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var faultsBefore = _reader.View().Faults;
        _reader.Hold();
        try
        {
            return await ChooseAsync(moment, now + _limits.BetterFrame, faultsBefore, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return LastResort(moment, CameraFaults.TooSlow);
        }
        finally
        {
            _reader.Release();
        }
    }

    /// <summary>Finds out in the background what would keep the camera from working.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = Task.Run(_reader.Check, CancellationToken.None);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => DisposeAsync().AsTask();

    public ValueTask DisposeAsync() => _reader.DisposeAsync();

    private async Task<CaptureResult> ChooseAsync(
        DateTimeOffset moment, DateTimeOffset settleForLess, long faultsBefore, CancellationToken cancellationToken)
    {
        while (true)
        {
            var view = _reader.View();
            var wake = settleForLess;
            var frames = FrameChoice.ByDistance(view.Frames, moment, _limits.Before);
            if (FrameChoice.NearerUntil(frames, moment) is { } until && until > _time.GetUtcNow())
            {
                // The latest frame is from before the moment: one that is still to come may be nearer
                wake = until;
            }
            else
            {
                RingFrame? labelled = null;
                foreach (var frame in frames)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var verdict = frame.Judge(_judge);
                    if (verdict.Usable)
                        return Taken(frame.Frame, verdict.Quality);
                    if (verdict.Readable)
                        labelled ??= frame;
                }
                if (labelled is not null && _time.GetUtcNow() >= settleForLess)
                    return Taken(labelled.Frame, labelled.Judge(_judge).Quality);
            }
            var faults = view.Faults - faultsBefore;
            if (view.Fault is { } fault && (faults > 1 || (faults > 0 && fault.Permanent)))
                return LastResort(moment, fault);
            await WaitAsync(view.Changed, wake, cancellationToken);
        }
    }

    /// <summary>Waits for the next frame or fault, or until a time if that is still to come.</summary>
    private async Task WaitAsync(Task changed, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var left = until - _time.GetUtcNow();
        if (left <= TimeSpan.Zero)
            left = Timeout.InfiniteTimeSpan;
        await changed.WaitAsync(left, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>What remains when no frame comes any more: a labelled one, an old one, or the reason.</summary>
    private CaptureResult LastResort(DateTimeOffset moment, CameraFault fault)
    {
        var view = _reader.View();
        var unreadable = false;
        foreach (var frame in FrameChoice.ByDistance(view.Frames, moment, _limits.Capture))
        {
            var verdict = frame.Judge(_judge);
            if (verdict.Readable)
                return Taken(frame.Frame, moment - frame.Frame.TakenAt > _limits.Stale ? FrameQuality.Stale : verdict.Quality);
            unreadable = true;
        }
        var reason = unreadable ? CameraFaults.Garbled : view.Fault ?? fault;
        return new CaptureResult(reason.Outcome, null, reason.Sentence);
    }

    private static CaptureResult Taken(Frame frame, FrameQuality quality) =>
        new(CaptureOutcome.Taken, frame with { Quality = quality }, quality switch
        {
            FrameQuality.Black => "The picture is black: check that the lens is uncovered and that there is light.",
            FrameQuality.Uniform => "The picture shows one flat colour: check that the lens is uncovered and the camera not blinded.",
            FrameQuality.Stale => "The camera had stopped sending, and the picture is from before the attempt: check the camera.",
            _ => null,
        });
}

using SentinelCam.Data;

namespace SentinelCam.Cameras;

/// <summary>The only owner of the camera. Opens it when it is needed and picks the frame for a given moment.</summary>
/// <remarks>
/// Captures read from a ring of recent frames and never touch the device. Captures and visits to the sign-in page keep the
/// camera open; it closes after an idle time.
/// </remarks>
public sealed class CameraFeed : IHostedService, IAsyncDisposable
{
    /// <summary>How long one request for the live picture keeps the camera open. A page requests it every second.</summary>
    private static readonly TimeSpan PreviewTime = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How many frames are judged when a capture runs out of time. Judging them takes a few hundredths of a second, and they
    /// reach past a moment of darkness.
    /// </summary>
    private const int MaxLastResort = 50;

    private readonly CameraReader _reader;
    private readonly FrameJudge _judge;
    private readonly TimeProvider _time;
    private readonly CameraFeedLimits _limits;
    private CaptureEvidence? _lastCapture;

    /// <param name="camera">Where frames come from.</param>
    /// <param name="name">The name shown with every picture.</param>
    /// <param name="library">OpenCV. If it cannot be loaded, frames are not judged.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Gets each change of state once.</param>
    /// <param name="limits">Limits of time and memory.</param>
    public CameraFeed(
        ICamera camera,
        string name,
        OpenCvLibrary library,
        TimeProvider time,
        ILogger<CameraFeed> logger,
        CameraFeedLimits? limits = null)
    {
        _limits = limits ?? new CameraFeedLimits();
        _judge = new FrameJudge(library);
        _reader = new CameraReader(camera, _judge, name, time, logger, _limits);
        _time = time;
        Name = name;
    }

    /// <summary>As configured in <c>Camera:Name</c>.</summary>
    public string Name { get; }

    /// <summary>What the camera is doing now. Cheap, and never waits for the camera.</summary>
    public CameraStatus Status => _reader.Status;

    /// <summary>How the last capture ended; null if there was none since the app started or the camera was replaced.</summary>
    public CaptureEvidence? LastCapture => Volatile.Read(ref _lastCapture);

    /// <summary>Whether only captures may open the camera.</summary>
    public bool OpensForCapturesOnly => _limits.Warm == CameraWarmth.Never;

    /// <summary>
    /// Opens the camera for a visit to the sign-in page, and keeps it open for the idle time. Does nothing if
    /// <c>Camera:Warm</c> is <c>Never</c>.
    /// </summary>
    /// <remarks>Never waits and never fails, no matter how often it is called.</remarks>
    public void Warm() => Warm(_limits.IdleTimeout);

    /// <summary>Does the same for another time than the idle time.</summary>
    public void Warm(TimeSpan duration)
    {
        if (_limits.Warm != CameraWarmth.Never)
            _reader.Warm(duration);
    }

    /// <summary>Opens the camera for a few seconds for a viewer of the live picture.</summary>
    public void WarmForPreview() => _reader.Warm(PreviewTime);

    /// <summary>
    /// Gets the latest frame that is not stale. Opens the camera if necessary and waits briefly for the first frame.
    /// </summary>
    /// <returns>Null if no frame arrives within five seconds or the camera fails.</returns>
    public async Task<Frame?> PreviewAsync(CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        WarmForPreview();
        while (true)
        {
            var view = _reader.View();
            if (view.Frames.Length > 0 && Status is { State: CameraState.Live })
                return view.Frames[^1].Frame;
            var left = PreviewTime - _time.GetElapsedTime(began);
            if (view.Fault is not null || left <= TimeSpan.Zero)
                return null;
            await WaitAsync(view.Changed, _time.GetUtcNow() + left, cancellationToken);
        }
    }

    /// <summary>The camera in use. Nothing but the feed may open it.</summary>
    internal ICamera Camera => _reader.Camera;

    /// <summary>Replaces the camera with another one.</summary>
    internal void Switch(ICamera camera)
    {
        _reader.Switch(camera);
        Volatile.Write(ref _lastCapture, null);
        _ = Task.Run(_reader.Check, CancellationToken.None);
    }

    /// <summary>Takes the picture for a moment: the best frame within a second of it, otherwise the first one after it.</summary>
    /// <remarks>
    /// Among frames of similar sharpness and exposure, the nearest is taken. For three seconds, a good frame is preferred to a
    /// black, uniform or frozen one. If the camera has stopped, a frame from before the moment is taken and labelled
    /// <see cref="FrameQuality.Stale"/>.
    /// </remarks>
    /// <param name="moment">When the event happened. A moment in the future means now.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A frame, or the reason why there is none, after at most ten seconds.</returns>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled. Camera faults never throw.
    /// </exception>
    public Task<CaptureResult> CaptureAsync(DateTimeOffset moment, CancellationToken cancellationToken) =>
        CaptureAsync(moment, staysOpen: null, cancellationToken);

    /// <summary>Takes a picture to see whether the camera works, and closes it at once if nobody needs it.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<CaptureResult> LookAsync(CancellationToken cancellationToken) =>
        CaptureAsync(_time.GetUtcNow(), TimeSpan.Zero, cancellationToken);

    private async Task<CaptureResult> CaptureAsync(
        DateTimeOffset moment, TimeSpan? staysOpen, CancellationToken cancellationToken)
    {
        var result = await HoldAndChooseAsync(moment, staysOpen, cancellationToken);
        Volatile.Write(ref _lastCapture, new CaptureEvidence(result.Problem, result.Frame is not null, _time.GetTimestamp()));
        return result;
    }

    private async Task<CaptureResult> HoldAndChooseAsync(
        DateTimeOffset moment, TimeSpan? staysOpen, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        if (moment > now)
            moment = now;
        using var limit = new CancellationTokenSource(_limits.CaptureTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var faultsBefore = _reader.View().Faults;
        _reader.Hold();
        try
        {
            return await ChooseAsync(moment, now + _limits.BetterFrameWait, faultsBefore, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return LastResort(moment, CameraFaults.TooSlow);
        }
        finally
        {
            _reader.Release(staysOpen);
        }
    }

    /// <summary>Gets the frames of a picture's strip that have already arrived.</summary>
    /// <param name="picture">The captured frame.</param>
    /// <param name="count">Number of frames, including the picture.</param>
    /// <returns>
    /// The frames, oldest first, and the times of those that are still to come, for <see cref="RestOfStripAsync"/>. Black,
    /// uniform and frozen frames are left out. A DEMO picture has no strip.
    /// </returns>
    public (IReadOnlyList<Frame> Frames, IReadOnlyList<DateTimeOffset> ToCome) Strip(Frame picture, int count)
    {
        ArgumentNullException.ThrowIfNull(picture);
        if (picture.Quality == FrameQuality.Demo || _reader.SwitchedAt >= picture.TakenAt)
            return ([], []);
        var now = _time.GetUtcNow();
        var places = FrameStrip.Places(picture.TakenAt, count).ToLookup(place => FrameStrip.ClosesAt(place) > now);
        return (FrameStrip.Choose(_reader.View().Frames, picture, places[false], _judge), [.. places[true]]);
    }

    /// <summary>Waits for the remaining frames of a picture's strip, at most 1.25 seconds.</summary>
    /// <param name="picture">The captured frame.</param>
    /// <param name="places">When the frames should be taken.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<Frame>> RestOfStripAsync(
        Frame picture, IReadOnlyList<DateTimeOffset> places, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(places);
        var left = places.Count == 0 ? TimeSpan.Zero : FrameStrip.ClosesAt(places[^1]) - _time.GetUtcNow();
        if (left > TimeSpan.Zero)
            await Task.Delay(left, _time, cancellationToken);
        // Frames of another camera do not belong with this picture
        if (_reader.SwitchedAt >= picture.TakenAt)
            return [];
        return FrameStrip.Choose(_reader.View().Frames, picture, places, _judge);
    }

    /// <summary>Opens the camera if it is to be always open. Otherwise checks in the background whether it can work.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_limits.Warm == CameraWarmth.Always)
            Warm();
        else
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
            var settled = Array.FindAll(view.Frames, frame => frame.Settled);
            var frames = FrameChoice.Around(settled, moment, _limits.MomentTolerance);
            if (FrameChoice.NearerUntil(frames, moment) is { } until
                && Earlier(until, moment + _limits.NearerFrameWait) is var end && end > _time.GetUtcNow())
            {
                // The latest frame is from before the moment, and the next one may be nearer
                wake = end;
            }
            else
            {
                var since = FrameChoice.Since(settled, moment, _limits.MomentTolerance);
                var good = FrameChoice.Best(frames, moment, _judge, cancellationToken)
                    ?? FrameChoice.FirstGood(since, _judge, cancellationToken);
                if (good is not null)
                    return Taken(good);
                var labelled = since.Find(frame => frame.Judge(_judge).Readable);
                if (labelled is not null && _time.GetUtcNow() >= settleForLess)
                    return Taken(labelled);
            }
            var faults = view.Faults - faultsBefore;
            if (view.Fault is { } fault && (faults > 1 || (faults > 0 && fault.Permanent)))
                return LastResort(moment, fault);
            await WaitAsync(view.Changed, wake, cancellationToken);
        }
    }

    /// <summary>Waits for the next frame or fault, or until a time if that has not passed yet.</summary>
    private async Task WaitAsync(Task changed, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var left = until - _time.GetUtcNow();
        if (left <= TimeSpan.Zero)
            left = Timeout.InfiniteTimeSpan;
        await changed.WaitAsync(left, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Ends a capture when no more frames arrive: with a labelled frame, an old one, or the reason.</summary>
    private CaptureResult LastResort(DateTimeOffset moment, CameraFault fault)
    {
        var view = _reader.View();
        var frames = FrameChoice.Since(view.Frames, moment, _limits.CaptureTimeout);
        // An old picture that shows something is worth more than a nearer one that shows nothing
        var chosen = frames.Take(MaxLastResort).FirstOrDefault(frame => frame.Judge(_judge).Usable)
            ?? frames.Find(frame => frame.Judge(_judge).Readable);
        if (chosen is not null)
            return Taken(chosen, isStale: chosen.Frame.MayBeOld || moment - chosen.Frame.TakenAt > _limits.StaleAfter);
        var reason = frames.Count > 0 ? CameraFaults.Garbled : view.Fault ?? fault;
        return new CaptureResult(reason.Outcome, null, reason.Text);
    }

    private CaptureResult Taken(RingFrame frame, bool isStale = false)
    {
        var verdict = frame.Judge(_judge);
        // A fault of the picture itself takes precedence over its age
        var quality = isStale && verdict.Quality is FrameQuality.Good or FrameQuality.Unchecked
            ? FrameQuality.Stale
            : verdict.Quality;
        var problem = quality switch
        {
            FrameQuality.Black => "The picture is black. Check that the lens is uncovered and that there is light.",
            FrameQuality.Uniform =>
                "The picture is one flat colour. Check that the lens is uncovered and that no bright light blinds the camera.",
            FrameQuality.Stale => "The camera had stopped sending, so the picture is from before the attempt. Check the camera.",
            FrameQuality.Frozen => "The camera keeps sending the same picture, which may be old. Turn it off and on again.",
            _ => null,
        };
        return new CaptureResult(CaptureOutcome.Taken, frame.Frame with { Quality = quality, Score = verdict.Score }, problem);
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}

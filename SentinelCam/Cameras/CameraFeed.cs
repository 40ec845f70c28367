using SentinelCam.Cameras.Frames;
using SentinelCam.Data;

namespace SentinelCam.Cameras;

/// <summary>The one owner of the camera: opens it when it is wanted and picks the frame of a moment.</summary>
/// <remarks>
/// Captures read a ring of recent frames and never touch the device; they and the visitors of the sign-in page keep the
/// camera open, which closes after an idle time.
/// </remarks>
public sealed class CameraFeed : IHostedService, IAsyncDisposable
{
    /// <summary>How long one look at the live picture keeps the camera open; looks come every second.</summary>
    private static readonly TimeSpan PreviewTime = TimeSpan.FromSeconds(5);

    /// <summary>How many frames are looked at when the time is over: enough to see past a moment's darkness, in a few hundredths of a second.</summary>
    private const int LookedAtLast = 50;

    private readonly CameraReader _reader;
    private readonly FrameJudge _judge;
    private readonly TimeProvider _time;
    private readonly CameraFeedLimits _limits;

    /// <param name="camera">The source of frames.</param>
    /// <param name="name">Shown beside every picture.</param>
    /// <param name="library">OpenCV, with which frames are looked at where it loads.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told of every change of state, once.</param>
    /// <param name="limits">What it may take of time and memory.</param>
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

    /// <summary>What the camera is doing now; cheap, and never waits for the camera.</summary>
    public CameraStatus Status => _reader.Status;

    /// <summary>Somebody is at the door: opens the camera, unless <c>Camera:Warm</c> is <c>Never</c>, and keeps it open for the idle time.</summary>
    /// <remarks>Never waits and never fails, however often it is called.</remarks>
    public void Warm()
    {
        if (_limits.Warm != CameraWarmth.Never)
            _reader.Warm(_limits.IdleTimeout);
    }

    /// <summary>Opens the camera for somebody who looks at its live picture, for some seconds.</summary>
    public void WarmForPreview() => _reader.Warm(PreviewTime);

    /// <summary>The latest frame, if it is not stale; opens the camera for a look and waits a little for the first one.</summary>
    /// <returns>Null where there is none within five seconds, or the camera fails.</returns>
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

    /// <summary>Takes another camera in place of the one it has.</summary>
    internal void Switch(ICamera camera)
    {
        _reader.Switch(camera);
        _ = Task.Run(_reader.Check, CancellationToken.None);
    }

    /// <summary>Takes the picture of a moment: the best frame within a second of it, or else the first one after it.</summary>
    /// <remarks>
    /// Of frames that are about as sharp and well exposed the nearest is taken. A good frame is preferred to a black, uniform
    /// or frozen one while it can still be had within three seconds. When the camera has stopped, a frame from before the
    /// moment comes labelled <see cref="FrameQuality.Stale"/>.
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
            _reader.Release();
        }
    }

    /// <summary>The frames of a picture's strip that are there already.</summary>
    /// <param name="picture">A frame that was captured.</param>
    /// <param name="count">Frames in all, the picture included.</param>
    /// <returns>
    /// Frames, oldest first: none that is black, uniform or frozen, and none for a drawn picture. When the frames for
    /// other places are still to come: until when; ask <see cref="RestOfStripAsync"/> for them.
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

    /// <summary>Waits for the frames of a picture's strip that were still to come, a second and a quarter at most.</summary>
    /// <param name="picture">The frame that was captured.</param>
    /// <param name="places">When they should be taken.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<Frame>> RestOfStripAsync(Frame picture, IReadOnlyList<DateTimeOffset> places, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(places);
        var left = places.Count == 0 ? TimeSpan.Zero : FrameStrip.ClosesAt(places[^1]) - _time.GetUtcNow();
        if (left > TimeSpan.Zero)
            await Task.Delay(left, _time, cancellationToken);
        // Another camera's frames do not belong beside this picture
        if (_reader.SwitchedAt >= picture.TakenAt)
            return [];
        return FrameStrip.Choose(_reader.View().Frames, picture, places, _judge);
    }

    /// <summary>Opens the camera where it is always open; elsewhere finds out in the background what would keep it from working.</summary>
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
            if (FrameChoice.NearerUntil(frames, moment) is { } until && Earlier(until, moment + _limits.NearerFrameWait) is var end && end > _time.GetUtcNow())
            {
                // The latest frame is from before the moment: one that is still to come may be nearer
                wake = end;
            }
            else
            {
                var since = FrameChoice.Since(settled, moment, _limits.MomentTolerance);
                if ((FrameChoice.Best(frames, moment, _judge, cancellationToken) ?? FrameChoice.FirstGood(since, _judge, cancellationToken)) is { } good)
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
        var frames = FrameChoice.Since(view.Frames, moment, _limits.CaptureTimeout);
        // An old picture of something says more than a nearer one of nothing
        if ((frames.Take(LookedAtLast).FirstOrDefault(frame => frame.Judge(_judge).Usable) ?? frames.Find(frame => frame.Judge(_judge).Readable)) is { } frame)
            return Taken(frame, isStale: moment - frame.Frame.TakenAt > _limits.StaleAfter);
        var reason = frames.Count > 0 ? CameraFaults.Garbled : view.Fault ?? fault;
        return new CaptureResult(reason.Outcome, null, reason.Sentence);
    }

    private CaptureResult Taken(RingFrame frame, bool isStale = false)
    {
        var verdict = frame.Judge(_judge);
        // What is wrong with the picture itself goes before its age
        var quality = isStale && verdict.Quality is FrameQuality.Good or FrameQuality.Unchecked ? FrameQuality.Stale : verdict.Quality;
        return new CaptureResult(CaptureOutcome.Taken, frame.Frame with { Quality = quality, Score = verdict.Score }, quality switch
        {
            FrameQuality.Black => "The picture is black: check that the lens is uncovered and that there is light.",
            FrameQuality.Uniform => "The picture shows one flat colour: check that the lens is uncovered and the camera not blinded.",
            FrameQuality.Stale => "The camera had stopped sending, and the picture is from before the attempt: check the camera.",
            FrameQuality.Frozen => "The camera repeats one picture, which may be old: switch it off and on again.",
            _ => null,
        });
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}

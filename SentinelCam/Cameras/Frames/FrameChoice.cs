namespace SentinelCam.Cameras.Frames;

/// <summary>Which frames of the ring may be the picture of a moment, and which of them is.</summary>
internal static class FrameChoice
{
    /// <summary>Where a camera compresses evenly, a clearly sharper picture has a file that is larger by this factor.</summary>
    private const double ClearlyLarger = 1.15;

    /// <summary>Of frames whose score is at least this part of the best, the nearest in time is taken.</summary>
    private const double AlikeInQuality = 0.8;

    /// <summary>How many larger pictures are looked at: each takes some milliseconds, and a mail waits.</summary>
    private const int LookedAt = 4;

    /// <summary>How many pictures are looked at between the moment and one that is clearly better than the nearest.</summary>
    private const int OnTheWay = 8;

    /// <summary>
    /// Where pictures are looked at in any case, from the moment on: a camera that holds its rate makes files alike in size of
    /// sharp and of blurred ones. Those half a second away are looked at for the strip as well, so that they cost nothing.
    /// </summary>
    private static readonly TimeSpan[] Spread =
        [TimeSpan.FromSeconds(-0.8), TimeSpan.FromSeconds(-0.5), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.8)];

    /// <summary>Nobody moves in so short a time, and a mail waits.</summary>
    private static readonly TimeSpan NearEnough = TimeSpan.FromMilliseconds(20);

    /// <summary>The frames within a time either side of the moment, nearest first.</summary>
    public static List<RingFrame> Around(RingFrame[] frames, DateTimeOffset moment, TimeSpan reach) =>
        ByDistance(frames.Where(frame => (frame.Frame.TakenAt - moment).Duration() <= reach), moment);

    /// <summary>The frames from <paramref name="before"/> ahead of the moment onwards, nearest first.</summary>
    public static List<RingFrame> Since(RingFrame[] frames, DateTimeOffset moment, TimeSpan before) =>
        ByDistance(frames.Where(frame => frame.Frame.TakenAt >= moment - before), moment);

    /// <summary>Until when a frame to come would be clearly nearer than the nearest: null when there is nothing to wait for.</summary>
    public static DateTimeOffset? NearerUntil(List<RingFrame> nearestFirst, DateTimeOffset moment)
    {
        if (nearestFirst.Count == 0 || nearestFirst.Exists(frame => frame.Frame.TakenAt >= moment))
            return null;
        var distance = moment - nearestFirst[0].Frame.TakenAt;
        return distance <= NearEnough ? null : moment + distance;
    }

    /// <summary>The best good frame: the nearest one, unless another is clearly sharper or better exposed.</summary>
    /// <remarks>
    /// To decode all sixty frames of two seconds would take longer than everything else. Beside the nearest, those with
    /// clearly larger files are looked at, since a sharper picture has more in it, and some that are spread over the time.
    /// Where one of them is clearly better, so are some on the way to it, one of which may be as good and nearer.
    /// </remarks>
    /// <param name="nearestFirst">The candidates.</param>
    /// <param name="moment">What they are near to.</param>
    /// <param name="judge">Looks at them.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>Null when none is good.</returns>
    public static RingFrame? Best(List<RingFrame> nearestFirst, DateTimeOffset moment, FrameJudge judge, CancellationToken cancellationToken)
    {
        var nearest = FirstGood(nearestFirst, judge, cancellationToken);
        if (nearest?.Judge(judge).Score is null)
            return nearest;
        var larger = nearestFirst
            .Where(frame => frame.Frame.Jpeg.Length > nearest.Frame.Jpeg.Length * ClearlyLarger)
            .OrderByDescending(frame => frame.Frame.Jpeg.Length)
            .Take(LookedAt);
        var spread = Spread.Select(place => nearestFirst.MinBy(frame => (frame.Frame.TakenAt - moment - place).Duration())!);
        var candidates = Good([nearest, .. larger, .. spread], judge, cancellationToken);
        var chosen = NearestAlike();
        if (chosen == nearest)
            return nearest;
        var nearer = nearestFirst.TakeWhile(frame => frame != chosen).ToList();
        var step = 1 + nearer.Count / OnTheWay;
        candidates.AddRange(Good(nearer.Where((_, number) => number % step == 0), judge, cancellationToken));
        return NearestAlike();

        RingFrame NearestAlike()
        {
            var enough = candidates.Max(frame => frame.Judge(judge).Score) * AlikeInQuality;
            return nearestFirst.Find(frame => candidates.Contains(frame) && frame.Judge(judge).Score >= enough)!;
        }
    }

    /// <summary>The nearest good frame, or null.</summary>
    public static RingFrame? FirstGood(List<RingFrame> nearestFirst, FrameJudge judge, CancellationToken cancellationToken) =>
        nearestFirst.Find(frame => IsGood(frame, judge, cancellationToken));

    /// <summary>Those that are good. One after another: to spread such short work over threads takes longer.</summary>
    private static List<RingFrame> Good(IEnumerable<RingFrame> frames, FrameJudge judge, CancellationToken cancellationToken) =>
        [.. frames.Distinct().Where(frame => IsGood(frame, judge, cancellationToken))];

    private static bool IsGood(RingFrame frame, FrameJudge judge, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return frame.Judge(judge).Usable;
    }

    private static List<RingFrame> ByDistance(IEnumerable<RingFrame> frames, DateTimeOffset moment) =>
        [.. frames.OrderBy(frame => (frame.Frame.TakenAt - moment).Duration())];
}

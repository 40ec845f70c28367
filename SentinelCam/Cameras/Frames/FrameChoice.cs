namespace SentinelCam.Cameras;

/// <summary>Finds the frames in the ring that can be the picture of a moment, and chooses one.</summary>
internal static class FrameChoice
{
    /// <summary>If a camera compresses evenly, a clearly sharper picture is a file that is larger by this factor.</summary>
    private const double ClearlyLarger = 1.15;

    /// <summary>Frames that reach this part of the best score count as alike, and the nearest in time is taken.</summary>
    private const double AlikeInQuality = 0.8;

    /// <summary>How many larger pictures are judged. Each takes some milliseconds, and a mail is waiting.</summary>
    private const int MaxLarger = 4;

    /// <summary>How many pictures are judged between the nearest and one that is clearly better.</summary>
    private const int MaxBetween = 8;

    /// <summary>
    /// Distances from the moment at which pictures are always judged: a camera with a constant bit rate makes sharp and blurred
    /// pictures of the same size. Those half a second away are judged for the strip anyway, so they cost nothing.
    /// </summary>
    private static readonly TimeSpan[] Spread =
        [TimeSpan.FromSeconds(-0.8), TimeSpan.FromSeconds(-0.5), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.8)];

    /// <summary>Nobody moves in so short a time, and a mail is waiting.</summary>
    private static readonly TimeSpan NearEnough = TimeSpan.FromMilliseconds(20);

    /// <summary>The frames within a time before and after the moment, nearest first.</summary>
    public static List<RingFrame> Around(RingFrame[] frames, DateTimeOffset moment, TimeSpan reach) =>
        ByDistance(frames.Where(frame => (frame.Frame.TakenAt - moment).Duration() <= reach), moment);

    /// <summary>The frames since <paramref name="before"/> ahead of the moment, nearest first.</summary>
    public static List<RingFrame> Since(RingFrame[] frames, DateTimeOffset moment, TimeSpan before) =>
        ByDistance(frames.Where(frame => frame.Frame.TakenAt >= moment - before), moment);

    /// <summary>
    /// Until when the next frame would be clearly nearer than the nearest one. Null if there is nothing to wait for.
    /// </summary>
    public static DateTimeOffset? NearerUntil(List<RingFrame> nearestFirst, DateTimeOffset moment)
    {
        if (nearestFirst.Count == 0 || nearestFirst.Exists(frame => frame.Frame.TakenAt >= moment))
            return null;
        var distance = moment - nearestFirst[0].Frame.TakenAt;
        return distance <= NearEnough ? null : moment + distance;
    }

    /// <summary>Chooses the best of the good frames: the nearest, unless another is clearly sharper or better exposed.</summary>
    /// <remarks>
    /// Decoding all sixty frames of two seconds would take longer than everything else. Besides the nearest, only clearly
    /// larger files are judged, because a sharper picture contains more detail, and some frames that are spread over the time.
    /// If one of them is clearly better, some between the two are judged as well: one of those may be as good and nearer.
    /// </remarks>
    /// <param name="nearestFirst">The candidates.</param>
    /// <param name="moment">The moment.</param>
    /// <param name="judge">Judges the candidates.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>Null if none is good.</returns>
    public static RingFrame? Best(
        List<RingFrame> nearestFirst, DateTimeOffset moment, FrameJudge judge, CancellationToken cancellationToken)
    {
        var nearest = FirstGood(nearestFirst, judge, cancellationToken);
        if (nearest?.Judge(judge).Score is null)
            return nearest;
        var larger = nearestFirst
            .Where(frame => frame.Frame.Jpeg.Length > nearest.Frame.Jpeg.Length * ClearlyLarger)
            .OrderByDescending(frame => frame.Frame.Jpeg.Length)
            .Take(MaxLarger);
        var spread = Spread.Select(place => nearestFirst.MinBy(frame => (frame.Frame.TakenAt - moment - place).Duration())!);
        var candidates = Good([nearest, .. larger, .. spread], judge, cancellationToken);
        var chosen = NearestAlike();
        if (chosen == nearest)
            return nearest;
        var nearer = nearestFirst.TakeWhile(frame => frame != chosen).ToList();
        var step = 1 + nearer.Count / MaxBetween;
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

    /// <summary>
    /// The good ones among the frames. Judged one after another: spreading such short work over threads takes longer.
    /// </summary>
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

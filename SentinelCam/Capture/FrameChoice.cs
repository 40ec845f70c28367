namespace SentinelCam.Capture;

/// <summary>Which frames of the ring may be the picture of a moment, and which of them is.</summary>
internal static class FrameChoice
{
    /// <summary>A picture whose file is not larger by this factor is not clearly sharper, for a camera compresses evenly within a second.</summary>
    private const double ClearlyLarger = 1.15;

    /// <summary>Of frames whose score is at least this part of the best, the nearest in time is taken.</summary>
    private const double AlikeInQuality = 0.8;

    /// <summary>How many larger pictures are looked at: each takes some milliseconds, and a mail waits.</summary>
    private const int LookedAt = 4;

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
    /// To decode all sixty frames of two seconds would take longer than everything else. A sharper picture has more in
    /// it, so its file is larger: only frames with clearly larger files are looked at beside the nearest.
    /// </remarks>
    /// <param name="nearestFirst">The candidates.</param>
    /// <param name="judge">Looks at them.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>Null when none is good.</returns>
    public static RingFrame? Best(List<RingFrame> nearestFirst, FrameJudge judge, CancellationToken cancellationToken)
    {
        var nearest = FirstGood(nearestFirst, judge, cancellationToken);
        if (nearest?.Judge(judge).Score is null)
            return nearest;
        var candidates = nearestFirst
            .Where(frame => frame.Frame.Jpeg.Length > nearest.Frame.Jpeg.Length * ClearlyLarger)
            .OrderByDescending(frame => frame.Frame.Jpeg.Length)
            .Take(LookedAt)
            .Where(frame => IsGood(frame, judge, cancellationToken))
            .Append(nearest)
            .ToList();
        var enough = candidates.Max(frame => frame.Judge(judge).Score) * AlikeInQuality;
        return nearestFirst.Find(frame => candidates.Contains(frame) && frame.Judge(judge).Score >= enough);
    }

    /// <summary>The nearest good frame, or null.</summary>
    public static RingFrame? FirstGood(List<RingFrame> nearestFirst, FrameJudge judge, CancellationToken cancellationToken) =>
        nearestFirst.Find(frame => IsGood(frame, judge, cancellationToken));

    private static bool IsGood(RingFrame frame, FrameJudge judge, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return frame.Judge(judge).Usable;
    }

    private static List<RingFrame> ByDistance(IEnumerable<RingFrame> frames, DateTimeOffset moment) =>
        [.. frames.OrderBy(frame => (frame.Frame.TakenAt - moment).Duration())];
}

namespace SentinelCam.Capture;

/// <summary>Which frames of the ring may be the picture of a moment, and in which order.</summary>
internal static class FrameChoice
{
    /// <summary>The frames from <paramref name="before"/> ahead of the moment onwards, nearest first.</summary>
    public static List<RingFrame> ByDistance(RingFrame[] frames, DateTimeOffset moment, TimeSpan before) =>
        frames.Where(frame => frame.Frame.TakenAt >= moment - before)
            .OrderBy(frame => (frame.Frame.TakenAt - moment).Duration())
            .ToList();

    /// <summary>Until when a frame to come would be nearer than the nearest: null when all are known.</summary>
    public static DateTimeOffset? NearerUntil(List<RingFrame> nearestFirst, DateTimeOffset moment)
    {
        if (nearestFirst.Count == 0 || nearestFirst.Exists(frame => frame.Frame.TakenAt >= moment))
            return null;
        return moment + (moment - nearestFirst[0].Frame.TakenAt);
    }
}

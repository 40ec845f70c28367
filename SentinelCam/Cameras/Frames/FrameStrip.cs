namespace SentinelCam.Cameras;

/// <summary>The frames shown with a picture: up to two before and two after it, half a second apart.</summary>
internal static class FrameStrip
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(0.5);

    /// <summary>How far a frame may be from its place.</summary>
    private static readonly TimeSpan Tolerance = Step / 2;

    /// <summary>How long after its picture the last frame of the longest strip may be taken.</summary>
    public static TimeSpan Longest => 2 * Step + Tolerance;

    /// <summary>When the frames of a strip should have been taken.</summary>
    /// <param name="taken">When the picture was taken.</param>
    /// <param name="count">
    /// Number of frames, including the picture. With an even number, one more is before it than after it.
    /// </param>
    public static IReadOnlyList<DateTimeOffset> Places(DateTimeOffset taken, int count)
    {
        var (before, after) = (count / 2, (count - 1) / 2);
        return [.. Enumerable.Range(-before, before).Concat(Enumerable.Range(1, after)).Select(step => taken + step * Step)];
    }

    /// <summary>The good frames nearest to the places, oldest first. A place without one stays empty.</summary>
    public static IReadOnlyList<Frame> Choose(
        RingFrame[] ring, Frame picture, IEnumerable<DateTimeOffset> places, FrameJudge judge)
    {
        var chosen = new List<RingFrame>();
        foreach (var place in places)
        {
            var frame = FrameChoice.Around(ring, place, Tolerance)
                .Where(frame => frame.Settled && frame.Frame.TakenAt != picture.TakenAt)
                .Where(frame => !chosen.Exists(other => other.Picture == frame.Picture))
                .Take(3)
                .FirstOrDefault(frame => !frame.Frame.Jpeg.AsSpan().SequenceEqual(picture.Jpeg) && frame.Judge(judge).Usable);
            if (frame is not null)
                chosen.Add(frame);
        }
        return chosen.ConvertAll(frame =>
        {
            var verdict = frame.Judge(judge);
            return frame.Frame with { Quality = verdict.Quality, Score = verdict.Score };
        });
    }

    /// <summary>Until when a frame for a place may still arrive.</summary>
    public static DateTimeOffset ClosesAt(DateTimeOffset place) => place + Tolerance;
}

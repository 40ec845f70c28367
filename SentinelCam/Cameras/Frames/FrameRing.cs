using SentinelCam.Data;

namespace SentinelCam.Cameras.Frames;

/// <summary>The recent frames, oldest first, within a cap of bytes and of frames. Not safe for threads: its owner locks.</summary>
/// <remarks>
/// A frame carries two times: UTC, by which it is matched with an attempt, and the timer's, by which ages are told, since a
/// clock that is set must not make a picture old or new.
/// </remarks>
internal sealed class FrameRing(int maxBytes, int maxFrames)
{
    private readonly Queue<RingFrame> _frames = new();
    private RingFrame? _last;
    private long _bytes;

    public int Count => _frames.Count;

    public long Bytes => _bytes;

    /// <summary>The frame added last, also when the ring was emptied since.</summary>
    public RingFrame? Last => _last;

    /// <param name="frame">The frame.</param>
    /// <param name="arrivedAt">The timer when it came, from any fixed origin.</param>
    /// <param name="settled">Whether the camera has found its exposure.</param>
    /// <param name="verdict">What is known about the picture, or null.</param>
    public void Add(Frame frame, TimeSpan arrivedAt, bool settled = true, FrameVerdict? verdict = null)
    {
        var picture = _last is { } last && last.Frame.Jpeg.AsSpan().SequenceEqual(frame.Jpeg) ? last.Picture : new RingPicture(arrivedAt);
        (picture.Until, picture.Count) = (arrivedAt, picture.Count + 1);
        if (verdict is not null)
            picture.Verdict ??= verdict;
        if (picture == _last?.Picture)
            frame = frame with { Jpeg = _last.Frame.Jpeg };
        _last = new RingFrame(frame, arrivedAt, settled, picture);
        _frames.Enqueue(_last);
        _bytes += frame.Jpeg.Length;
        while (_frames.Count > 1 && (_bytes > maxBytes || _frames.Count > maxFrames))
            _bytes -= _frames.Dequeue().Frame.Jpeg.Length;
    }

    /// <summary>Lets the frames go, but not the knowledge which one came last.</summary>
    public void Clear()
    {
        _frames.Clear();
        _bytes = 0;
    }

    /// <summary>Begins anew, with another camera.</summary>
    public void Forget()
    {
        Clear();
        _last = null;
    }

    /// <summary>Frames in a second, over those that came within the time given.</summary>
    public double RateSince(TimeSpan since)
    {
        var recent = _frames.Where(frame => frame.ArrivedAt >= since).Select(frame => frame.ArrivedAt).ToList();
        var span = recent.Count > 1 ? recent[^1] - recent[0] : TimeSpan.Zero;
        return span > TimeSpan.Zero ? (recent.Count - 1) / span.TotalSeconds : 0;
    }

    public RingFrame[] ToArray() => _frames.ToArray();
}

/// <summary>A frame in the ring.</summary>
/// <param name="frame">The frame.</param>
/// <param name="arrivedAt">The timer when it came.</param>
/// <param name="settled">Whether the camera had found its exposure.</param>
/// <param name="picture">What it shows, shared by identical frames in a row.</param>
internal sealed class RingFrame(Frame frame, TimeSpan arrivedAt, bool settled, RingPicture picture)
{
    /// <summary>A camera that repeats one picture for so long shows no moment.</summary>
    private static readonly TimeSpan FrozenAfter = TimeSpan.FromSeconds(5);

    public Frame Frame { get; } = frame;

    public TimeSpan ArrivedAt { get; } = arrivedAt;

    public bool Settled { get; } = settled;

    public RingPicture Picture { get; } = picture;

    /// <summary>Two alike may be one picture before and after a pause; three in so long a time are no coincidence.</summary>
    public bool IsFrozen => Frame.Quality != FrameQuality.Demo && Picture.Count > 2 && Picture.Until - Picture.Since > FrozenAfter;

    /// <summary>Looks at the picture, once for all frames that show it.</summary>
    public FrameVerdict Judge(FrameJudge judge)
    {
        var verdict = Picture.Verdict ??= judge.Judge(Frame);
        return IsFrozen && verdict.Usable ? verdict with { Quality = FrameQuality.Frozen } : verdict;
    }
}

/// <summary>One picture, in one frame or in many identical ones.</summary>
/// <param name="since">The timer when it came first.</param>
internal sealed class RingPicture(TimeSpan since)
{
    public TimeSpan Since { get; } = since;

    /// <summary>The timer when it came last.</summary>
    public TimeSpan Until { get; set; } = since;

    /// <summary>In how many frames.</summary>
    public int Count { get; set; }

    public FrameVerdict? Verdict { get; set; }
}

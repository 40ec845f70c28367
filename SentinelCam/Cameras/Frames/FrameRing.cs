using SentinelCam.Data;

namespace SentinelCam.Cameras;

/// <summary>The recent frames, oldest first, limited in bytes and number. Not thread-safe: its owner locks.</summary>
/// <remarks>
/// A frame has two times. UTC matches it with an attempt. The timer's time measures its age, because setting the clock must not
/// make a picture older or newer.
/// </remarks>
internal sealed class FrameRing(int maxBytes, int maxFrames)
{
    private readonly Queue<RingFrame> _frames = new();
    private RingFrame? _last;
    private long _bytes;

    public int Count => _frames.Count;

    public long Bytes => _bytes;

    /// <summary>The last frame that was added, even if the ring has been cleared since.</summary>
    public RingFrame? Last => _last;

    /// <param name="frame">The frame.</param>
    /// <param name="arrivedAt">The timer's value when the frame arrived, from any fixed origin.</param>
    /// <param name="settled">Whether the camera's exposure has settled.</param>
    /// <param name="verdict">The verdict on the picture, or null if it was not judged.</param>
    public void Add(Frame frame, TimeSpan arrivedAt, bool settled = true, FrameVerdict? verdict = null)
    {
        var picture = _last is { } last && last.Frame.Jpeg.AsSpan().SequenceEqual(frame.Jpeg)
            ? last.Picture
            : new RingPicture(arrivedAt);
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

    /// <summary>Removes the frames, but still remembers the last one.</summary>
    public void Clear()
    {
        _frames.Clear();
        _bytes = 0;
    }

    /// <summary>Resets the ring for another camera.</summary>
    public void Forget()
    {
        Clear();
        _last = null;
    }

    /// <summary>Frames per second, over the frames that arrived since a time of the timer.</summary>
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
/// <param name="arrivedAt">The timer's value when the frame arrived.</param>
/// <param name="settled">Whether the camera's exposure had settled.</param>
/// <param name="picture">The picture, shared by identical frames in a row.</param>
internal sealed class RingFrame(Frame frame, TimeSpan arrivedAt, bool settled, RingPicture picture)
{
    /// <summary>A camera that sends the same picture for longer than this is frozen.</summary>
    private static readonly TimeSpan FrozenAfter = TimeSpan.FromSeconds(5);

    public Frame Frame { get; } = frame;

    public TimeSpan ArrivedAt { get; } = arrivedAt;

    public bool Settled { get; } = settled;

    public RingPicture Picture { get; } = picture;

    /// <summary>
    /// Two identical frames may be one picture before and after a pause; three in this time are not a coincidence.
    /// </summary>
    public bool IsFrozen =>
        Frame.Quality != FrameQuality.Demo && Picture.Count > 2 && Picture.Until - Picture.Since > FrozenAfter;

    /// <summary>Judges the picture, once for all frames that show it.</summary>
    public FrameVerdict Judge(FrameJudge judge)
    {
        var verdict = Picture.Verdict ??= judge.Judge(Frame);
        return IsFrozen && verdict.Usable ? verdict with { Quality = FrameQuality.Frozen } : verdict;
    }
}

/// <summary>One picture, in one frame or in many identical ones.</summary>
/// <param name="since">The timer's value when it first arrived.</param>
internal sealed class RingPicture(TimeSpan since)
{
    public TimeSpan Since { get; } = since;

    /// <summary>The timer's value when it last arrived.</summary>
    public TimeSpan Until { get; set; } = since;

    /// <summary>Number of frames that show it.</summary>
    public int Count { get; set; }

    public FrameVerdict? Verdict { get; set; }
}

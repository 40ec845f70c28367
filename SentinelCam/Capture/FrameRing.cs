namespace SentinelCam.Capture;

/// <summary>The recent frames, oldest first, within a cap of bytes and of frames. Not safe for threads: its owner locks.</summary>
internal sealed class FrameRing(int maxBytes, int maxFrames)
{
    private readonly Queue<RingFrame> _frames = new();
    private long _bytes;

    public int Count => _frames.Count;

    public long Bytes => _bytes;

    public void Add(Frame frame)
    {
        _frames.Enqueue(new RingFrame(frame));
        _bytes += frame.Jpeg.Length;
        while (_frames.Count > 1 && (_bytes > maxBytes || _frames.Count > maxFrames))
            _bytes -= _frames.Dequeue().Frame.Jpeg.Length;
    }

    public void Clear()
    {
        _frames.Clear();
        _bytes = 0;
    }

    public RingFrame[] ToArray() => _frames.ToArray();
}

/// <summary>A frame and what a capture has found out about it, so that the next capture need not look again.</summary>
internal sealed class RingFrame(Frame frame)
{
    private FrameVerdict? _verdict;

    public Frame Frame { get; } = frame;

    public FrameVerdict Judge(FrameJudge judge) => _verdict ??= judge.Judge(Frame);
}

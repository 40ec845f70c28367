using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

public class FrameRingTests
{
    private static readonly DateTimeOffset Moment = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_ring_keeps_the_latest_frames_within_its_limits()
    {
        var ring = new FrameRing(maxBytes: 10_000, maxFrames: 5);
        for (var i = 0; i < 20; i++)
            ring.Add(TestJpeg.Good(Moment) with { Jpeg = TestJpeg.Tiny(i) }, TimeSpan.FromSeconds(i));
        Assert.Equal(5, ring.Count);
        ring.Add(new Frame(new byte[9_900], 1, 1, Moment, FrameQuality.Unchecked), TimeSpan.FromSeconds(20));
        Assert.Equal((1, 9_900L), (ring.Count, ring.Bytes));
    }
}

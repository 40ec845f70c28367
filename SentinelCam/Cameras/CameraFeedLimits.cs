namespace SentinelCam.Cameras;

/// <summary>The time and memory that a <see cref="CameraFeed"/> may take.</summary>
public sealed record CameraFeedLimits
{
    /// <summary>The longest that one capture takes.</summary>
    public TimeSpan CaptureTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a camera may take to its first frame: a network camera may send a whole picture seldom. Devices have a limit of their own.</summary>
    public TimeSpan OpeningTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long an open camera may stay silent before it is closed and opened again: within one capture.</summary>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When the camera is open.</summary>
    public CameraWarmth Warm { get; init; } = CameraWarmth.OnDemand;

    /// <summary>How long the camera stays open after the last capture or visit to the sign-in page.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The pause before a camera that failed is tried again; it doubles with each failure.</summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest such pause.</summary>
    public TimeSpan LongestRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How far from the moment, either side, a frame may have been taken to be the picture of that moment.</summary>
    public TimeSpan MomentTolerance { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a capture that has a frame from before the moment waits for a nearer one.</summary>
    public TimeSpan NearerFrameWait { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>From this age, counted back from the moment, a frame is stale.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a capture that has only a black or uniform frame waits for a better one.</summary>
    public TimeSpan BetterFrameWait { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The most bytes of JPEG in the ring.</summary>
    public int RingBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>The most frames in the ring: ten seconds at 30 frames a second.</summary>
    public int RingFrames { get; init; } = 300;
}

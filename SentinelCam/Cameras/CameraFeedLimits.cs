namespace SentinelCam.Cameras;

/// <summary>Limits of time and memory for a <see cref="CameraFeed"/>.</summary>
public sealed record CameraFeedLimits
{
    /// <summary>The longest time that a capture takes.</summary>
    public TimeSpan CaptureTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a camera may take to deliver its first frame. Long, because some network cameras rarely send a whole picture.
    /// Devices have their own limit.
    /// </summary>
    public TimeSpan OpeningTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long an open camera may stay silent before it is reopened. Shorter than a capture, which can then still succeed.
    /// </summary>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When the camera is open.</summary>
    public CameraWarmth Warm { get; init; } = CameraWarmth.OnDemand;

    /// <summary>How long the camera stays open after the last capture or visit to the sign-in page.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The pause before a failed camera is retried. It doubles with each failure.</summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest such pause.</summary>
    public TimeSpan LongestRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long before or after a moment a frame may be taken and still be the picture of that moment.</summary>
    public TimeSpan MomentTolerance { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a capture that has a frame from before the moment waits for a nearer one.</summary>
    public TimeSpan NearerFrameWait { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>A frame that is older than this at the moment is stale.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a capture that has only a black, uniform or frozen frame waits for a better one.</summary>
    public TimeSpan BetterFrameWait { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Maximum size of the JPEG data in the ring, in bytes.</summary>
    public int RingBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>Maximum number of frames in the ring: ten seconds at 30 frames per second.</summary>
    public int RingFrames { get; init; } = 300;
}

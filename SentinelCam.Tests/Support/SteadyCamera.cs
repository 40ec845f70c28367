using System.Runtime.CompilerServices;
using SentinelCam.Cameras;
using SentinelCam.Data;

namespace SentinelCam.Tests.Support;

/// <summary>A camera that sends five pictures a second of one quality, or fails.</summary>
public sealed class SteadyCamera(TimeProvider time) : ICamera
{
    private int _sent;

    public string Source => "steady";

    /// <summary>What its pictures are like.</summary>
    public FrameQuality Quality { get; set; } = FrameQuality.Good;

    /// <summary>Why it sends none; null if it does.</summary>
    public CameraFault? Fault { get; set; }

    /// <summary>How often it was opened.</summary>
    public int Openings { get; private set; }

    /// <summary>Whether it is open now.</summary>
    public bool IsOpen { get; private set; }

    public CameraFault? Check() => null;

    public async IAsyncEnumerable<Frame> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Openings++;
        IsOpen = true;
        try
        {
            while (true)
            {
                if (Fault is not null)
                    throw new CameraException(Fault);
                var jpeg = TestJpeg.Tiny(_sent++ % 200);
                yield return new Frame(jpeg, 16, 16, time.GetUtcNow(), Quality);
                await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellationToken);
            }
        }
        finally
        {
            IsOpen = false;
        }
    }
}

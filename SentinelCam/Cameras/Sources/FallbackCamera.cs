using System.Runtime.CompilerServices;

namespace SentinelCam.Cameras;

/// <summary>A camera with a stand-in that is used if it cannot be opened.</summary>
internal sealed class FallbackCamera(ICamera camera, ICamera standIn) : ICamera
{
    public string Source => camera.Source;

    public string Identity => camera.Identity;

    public bool StartsDark => camera.StartsDark;

    public CameraFault? StandsInFor { get; private set; }

    public CameraFault? Check() => (StandsInFor = camera.Check()) is null ? null : standIn.Check();

    public async IAsyncEnumerable<Frame> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using (var frames = camera.ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken))
        {
            if (await OpensAsync(frames))
            {
                do
                    yield return frames.Current;
                while (await frames.MoveNextAsync());
                yield break;
            }
        }
        await foreach (var frame in standIn.ReadAsync(cancellationToken))
            yield return frame;
    }

    /// <summary>
    /// Whether a first frame arrives. From then on the camera is used, and its later faults are reported as its own.
    /// </summary>
    private async Task<bool> OpensAsync(IAsyncEnumerator<Frame> frames)
    {
        try
        {
            var opens = await frames.MoveNextAsync();
            StandsInFor = opens ? null : CameraFaults.Ended;
            return opens;
        }
        catch (CameraException e)
        {
            StandsInFor = e.Fault;
            return false;
        }
    }
}

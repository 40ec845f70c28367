using System.Runtime.CompilerServices;
using SentinelCam.Data;

namespace SentinelCam.Cameras;

/// <summary>Six drawn pictures, marked DEMO, that replace a camera and need no native library.</summary>
internal sealed class DemoCamera(TimeProvider time) : ICamera
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly Lazy<Frame[]> Frames = new(Load);

    public string Source => "demo";

    public CameraFault? Check() => null;

    public async IAsyncEnumerable<Frame> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var next = 0; ; next = (next + 1) % Frames.Value.Length)
        {
            yield return Frames.Value[next] with { TakenAt = time.GetUtcNow() };
            await Task.Delay(Interval, time, cancellationToken);
        }
    }

    private static Frame[] Load()
    {
        var assembly = typeof(DemoCamera).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.Contains(".Cameras.Sources.Demo.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var resource = assembly.GetManifestResourceStream(name)!;
                using var copy = new MemoryStream();
                resource.CopyTo(copy);
                var jpeg = copy.ToArray();
                if (!JpegParser.TryParse(jpeg, out var parsed))
                    throw new InvalidOperationException($"The resource {name} is not a JPEG.");
                return new Frame(jpeg, parsed.Width, parsed.Height, default, FrameQuality.Demo);
            })
            .ToArray();
    }
}

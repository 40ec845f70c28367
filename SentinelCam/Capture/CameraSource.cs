using SentinelCam.Configuration;

namespace SentinelCam.Capture;

/// <summary>The value of <c>Camera:Source</c>, checked, and the camera that it stands for.</summary>
internal sealed class CameraSource
{
    private readonly Func<TimeProvider, OpenCvLibrary, ICamera> _create;

    private CameraSource(Func<TimeProvider, OpenCvLibrary, ICamera> create) => _create = create;

    public static CameraSource Parse(string? value, IHostEnvironment environment)
    {
        var source = string.IsNullOrWhiteSpace(value) ? "auto" : value.Trim();
        return source.ToUpperInvariant() switch
        {
            "AUTO" or "DEMO" => new CameraSource((time, _) => new DemoCamera(time)),
            _ => throw new ConfigurationException("Camera:Source", source, environment.EnvironmentName),
        };
    }

    public ICamera Create(TimeProvider time, OpenCvLibrary library) => _create(time, library);
}

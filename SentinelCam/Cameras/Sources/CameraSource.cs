using System.Globalization;
using SentinelCam.Configuration;

namespace SentinelCam.Cameras;

/// <summary>A validated value of <c>Camera:Source</c>, and the camera that it stands for.</summary>
internal sealed class CameraSource
{
    private const string Allowed =
        "auto, demo, a device index from 0 to 63, an http://, https:// or rtsp:// address, " +
        "or the path of an existing video file.";

    private const string Escaping =
        " In a user name or password, write @ as %40, : as %3A, / as %2F, ? as %3F and # as %23. After the host, write @ as %40.";

    private readonly Func<TimeProvider, OpenCvLibrary, StuckThreads, RtspTransport, ICamera> _create;

    private CameraSource(Func<TimeProvider, OpenCvLibrary, StuckThreads, RtspTransport, ICamera> create) => _create = create;

    /// <exception cref="ConfigurationException">The value is invalid. The message contains no credentials.</exception>
    /// <param name="value">The configured or chosen value. Null or empty means <c>auto</c>.</param>
    /// <param name="environment">
    /// Relative paths start at its content root. In Development, <c>auto</c> falls back to <c>demo</c>.
    /// </param>
    /// <param name="mayBeAbsent">
    /// Whether to accept a video file that does not exist. The camera then reports it as missing.
    /// </param>
    /// <param name="devices">The devices of this machine; by default those in <c>/dev</c>.</param>
    public static CameraSource Parse(
        string? value, IHostEnvironment environment, bool mayBeAbsent = false, DeviceList? devices = null)
    {
        devices ??= new DeviceList();
        var source = string.IsNullOrWhiteSpace(value) ? "auto" : value.Trim();
        if (source.Equals("auto", StringComparison.OrdinalIgnoreCase))
            return Auto(devices, environment.IsDevelopment());
        if (source.Equals("demo", StringComparison.OrdinalIgnoreCase))
            return new CameraSource((time, _, _, _) => new DemoCamera(time));
        if (DeviceIndex(source) is { } index)
            return Device(index.ToString(CultureInfo.InvariantCulture), () => devices.Check(index), () => index, () => index);
        if (source.Contains("://", StringComparison.Ordinal))
            return Address(source) ?? throw NotAllowed(source);
        var path = Path.GetFullPath(Path.Combine(environment.ContentRootPath, source));
        if (devices.Contains(path))
            return Device(path, () => devices.Check(path), () => devices.Resolve(path), () => devices.IndexOf(path));
        return mayBeAbsent || File.Exists(path) ? VideoFile(source, path) : throw NotAllowed(source);
    }

    public ICamera Create(
        TimeProvider time, OpenCvLibrary library, StuckThreads stuckThreads, RtspTransport transport = RtspTransport.Auto) =>
        _create(time, library, stuckThreads, transport);

    /// <summary>The first device that opens. During development, DEMO pictures if none does.</summary>
    internal static CameraSource Auto(DeviceList devices, bool fallBackToDemo) => new((time, library, stuckThreads, _) =>
    {
        var device = new NativeCamera(
            "auto", library, stuckThreads, devices.CheckAny, _ => DeviceReader.OpenFirst(devices.Indices, time), time,
            startsDark: true);
        return fallBackToDemo ? new FallbackCamera(device, new DemoCamera(time)) : device;
    });

    /// <param name="shown">The source, as it is shown.</param>
    /// <param name="check">Why the device cannot be opened, or null.</param>
    /// <param name="index">Its index, looked up for each opening: behind a link it may change.</param>
    /// <param name="found">The same; null if there is no device.</param>
    private static CameraSource Device(string shown, Func<CameraFault?> check, Func<int> index, Func<int?> found) =>
        new((time, library, stuckThreads, _) => new NativeCamera(
            shown, library, stuckThreads, check, _ => DeviceReader.OpenFirst([index()], time), time, startsDark: true, found));

    private static CameraSource VideoFile(string shown, string path) => new((time, library, stuckThreads, _) => new NativeCamera(
        shown, library, stuckThreads, () => VideoFileReader.Check(path), _ => VideoFileReader.Open(path, time), time));

    private static CameraSource? Address(string source)
    {
        if (RedactedSource.IsAmbiguous(source)
            || !Uri.TryCreate(source, UriKind.Absolute, out var address) || address.Host.Length == 0)
            return null;
        return address.Scheme switch
        {
            "http" or "https" => new CameraSource((time, _, _, _) => new HttpCamera(address, time)),
            "rtsp" or "rtsps" => new CameraSource((time, _, _, transport) => new RtspCamera(address, time, transport: transport)),
            _ => null,
        };
    }

    /// <summary>A number, or the path of a Linux device file.</summary>
    private static int? DeviceIndex(string source)
    {
        const string Device = "/dev/video";
        return DeviceList.ParseIndex(source.StartsWith(Device, StringComparison.Ordinal) ? source[Device.Length..] : source);
    }

    private static ConfigurationException NotAllowed(string source) => new(
        "Camera:Source",
        RedactedSource.Of(source),
        source.Contains('@', StringComparison.Ordinal) ? Allowed + Escaping : Allowed);
}

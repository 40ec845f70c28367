using OpenCvSharp;

namespace SentinelCam.Capture;

/// <summary>An open camera device.</summary>
internal sealed class DeviceReader : INativeReader
{
    private const int MaxMissed = 5;

    private readonly int _index;
    private readonly VideoCapture _device;
    private readonly TimeProvider _time;
    private readonly Mat _image = new();
    private ExposureSettling? _settling;

    private DeviceReader(int index, VideoCapture device, TimeProvider time)
    {
        (_index, _device, _time) = (index, device, time);
        _settling = new ExposureSettling(time);
    }

    /// <summary>Opens the first of the devices that can be.</summary>
    /// <exception cref="CameraException">None can be opened.</exception>
    public static DeviceReader OpenFirst(IReadOnlyList<int> indices, TimeProvider time)
    {
        foreach (var index in indices)
        {
            foreach (var api in Apis())
            {
                var device = new VideoCapture(index, api);
                if (device.IsOpened())
                    return new DeviceReader(index, device, time);
                device.Dispose();
            }
        }
        // Elsewhere than on Linux only opening tells that there is no device
        throw new CameraException(
            indices.Count > 0 && OperatingSystem.IsLinux() ? DeviceList.InUse(indices[0]) : DeviceList.None);
    }

    public Frame Read(CancellationToken stop)
    {
        while (true)
        {
            ReadImage(stop);
            var takenAt = _time.GetUtcNow();
            if (_settling is not null && !_settling.IsSettled(Brightness()))
                continue;
            _settling = null;
            return NativeImage.ToFrame(_image, takenAt);
        }
    }

    public void Dispose()
    {
        _image.Dispose();
        _device.Dispose();
    }

    // DSHOW opens in a fraction of the time that MSMF takes
    private static VideoCaptureAPIs[] Apis() =>
        OperatingSystem.IsWindows() ? [VideoCaptureAPIs.DSHOW, VideoCaptureAPIs.MSMF]
        : OperatingSystem.IsLinux() ? [VideoCaptureAPIs.V4L2]
        : [VideoCaptureAPIs.ANY];

    private void ReadImage(CancellationToken stop)
    {
        for (var missed = 0; missed < MaxMissed; missed++)
        {
            stop.ThrowIfCancellationRequested();
            if (_device.Read(_image) && !_image.Empty())
                return;
        }
        throw new CameraException(DeviceList.InUse(_index));
    }

    private double Brightness()
    {
        var mean = Cv2.Mean(_image);
        return (mean.Val0 + mean.Val1 + mean.Val2) / _image.Channels();
    }
}

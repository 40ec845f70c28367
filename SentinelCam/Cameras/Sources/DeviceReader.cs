using OpenCvSharp;

namespace SentinelCam.Cameras;

/// <summary>An open camera device.</summary>
internal sealed class DeviceReader : INativeReader
{
    private const int MaxMissed = 5;

    private readonly int _index;
    private readonly VideoCapture _device;
    private readonly TimeProvider _time;
    private readonly Mat _image = new();
    private bool _isOwnJpeg;
    private bool _hasDelivered;

    private DeviceReader(int index, VideoCapture device, TimeProvider time)
    {
        (_index, _device, _time) = (index, device, time);
        _isOwnJpeg = AskForOwnJpeg(device);
    }

    public int? Device => _index;

    /// <summary>Opens the first device that can be opened.</summary>
    /// <exception cref="CameraException">None can be opened.</exception>
    public static DeviceReader OpenFirst(IReadOnlyList<int> indices, TimeProvider time)
    {
        foreach (var index in indices)
        {
            foreach (var api in Apis())
            {
                var device = new VideoCapture(index, api);
                try
                {
                    if (device.IsOpened())
                        return new DeviceReader(index, device, time);
                }
                catch
                {
                    device.Dispose();
                    throw;
                }
                device.Dispose();
            }
        }
        // On other systems than Linux, only opening shows that there is no device
        throw new CameraException(
            indices.Count > 0 && OperatingSystem.IsLinux() ? DeviceList.InUse(indices[0]) : DeviceList.None);
    }

    public Frame Read(CancellationToken stop)
    {
        while (true)
        {
            ReadImage(stop);
            var takenAt = _time.GetUtcNow();
            if (!_isOwnJpeg)
                return NativeImage.ToFrame(_image, takenAt);
            if (NativeImage.TryKeepJpeg(_image, takenAt) is { } frame)
                return frame;
            // The driver sends something else, or a JPEG that other programs cannot decode: from now on OpenCV decodes
            _isOwnJpeg = false;
            _device.Set(VideoCaptureProperties.ConvertRgb, 1);
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

    /// <summary>
    /// Asks the driver for the camera's own JPEG bytes, undecoded. They are the best evidence and cost no encoding.
    /// </summary>
    private static bool AskForOwnJpeg(VideoCapture device)
    {
        if (!OperatingSystem.IsLinux())
            return false; // only V4L2 supports this
        double motionJpeg = VideoWriter.FourCC('M', 'J', 'P', 'G');
        return device.Set(VideoCaptureProperties.FourCC, motionJpeg)
            && device.Get(VideoCaptureProperties.FourCC) == motionJpeg
            && device.Set(VideoCaptureProperties.ConvertRgb, 0);
    }

    private void ReadImage(CancellationToken stop)
    {
        for (var missed = 0; missed < MaxMissed; missed++)
        {
            stop.ThrowIfCancellationRequested();
            if (_device.Read(_image) && !_image.Empty())
            {
                _hasDelivered = true;
                return;
            }
        }
        throw new CameraException(_hasDelivered ? DeviceList.Stopped(_index) : DeviceList.InUse(_index));
    }
}

using System.Globalization;

namespace SentinelCam.Cameras;

/// <summary>The camera devices of this machine, as far as they can be found without opening them.</summary>
/// <param name="directory">The folder of Linux device files.</param>
public sealed class DeviceList(string directory = "/dev")
{
    /// <summary>The highest valid device index.</summary>
    public const int MaxIndex = 63;

    /// <summary>Device indices, lowest first. Only Linux lists devices; elsewhere the first one is assumed to exist.</summary>
    public IReadOnlyList<int> Indices => !OperatingSystem.IsLinux() ? [0] :
        Directory.EnumerateFileSystemEntries(directory, "video*")
            .Select(path => Path.GetFileName(path)["video".Length..])
            .Select(number => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : -1)
            .Where(index => index is >= 0 and <= MaxIndex)
            .Order()
            .ToList();

    /// <summary>
    /// The devices and the names that their drivers give them. Empty where devices are only found by opening them.
    /// </summary>
    public static IReadOnlyList<FoundDevice> Found() =>
        OperatingSystem.IsLinux() ? [.. new DeviceList().Indices.Select(index => new FoundDevice(index, NameOf(index)))] : [];

    /// <summary>Why a device cannot be opened, or null.</summary>
    public CameraFault? Check(int index)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        var path = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"video{index}"));
        try
        {
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return null;
        }
        catch (FileNotFoundException)
        {
            return new CameraFault(
                CaptureOutcome.NoCamera, $"There is no camera at {path}", "Connect one, or choose another source",
                Permanent: true);
        }
        catch (UnauthorizedAccessException)
        {
            return new CameraFault(
                CaptureOutcome.Unreachable, $"SentinelCam does not have permission to open {path}",
                "Add the account that SentinelCam runs as to the video group", Permanent: true);
        }
        catch (IOException)
        {
            return InUse(index);
        }
    }

    /// <summary>Why no device can be opened, or null if one may open.</summary>
    public CameraFault? CheckAny()
    {
        var indices = Indices;
        if (indices.Count == 0)
            return None;
        var faults = indices.Select(Check).ToList();
        return faults.Contains(null) ? null : faults[0];
    }

    private static string NameOf(int index, int maxLength = 100)
    {
        try
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"/sys/class/video4linux/video{index}/name");
            var name = File.ReadAllText(path).Trim();
            return new string([.. name.Take(maxLength).Select(c => char.IsControl(c) ? '?' : c)]);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "unnamed";
        }
    }

    public static CameraFault None { get; } = new(
        CaptureOutcome.NoCamera, "No camera is connected",
        "Connect one, or choose a stream, a video file or \"demo\" as the camera's source", Permanent: true);

    public static CameraFault InUse(int index) => new(
        CaptureOutcome.Unreachable, $"Camera {index} is connected but cannot be opened",
        "Close the program that uses it, or unplug it and plug it back in");
}

/// <summary>A camera device of this machine.</summary>
/// <param name="Index">The index, as <c>Camera:Source</c> takes it.</param>
/// <param name="Name">The name that its driver gives it.</param>
public sealed record FoundDevice(int Index, string Name);

using System.Globalization;

namespace SentinelCam.Cameras;

/// <summary>The camera devices of this machine, as far as they can be found without opening them.</summary>
/// <param name="directory">The folder of Linux device files.</param>
public sealed class DeviceList(string directory = "/dev")
{
    /// <summary>The highest valid device index.</summary>
    public const int MaxIndex = 63;

    private const string Prefix = "video";

    /// <summary>
    /// Folders of links to devices, best first. The first names a camera by its maker and number, the second by its socket. Both
    /// names stay the same after a restart.
    /// </summary>
    private static readonly string[] LinkFolders = ["v4l/by-id", "v4l/by-path"];

    /// <summary>Device indices, lowest first. Only Linux lists devices; elsewhere the first one is assumed to exist.</summary>
    public IReadOnlyList<int> Indices => !OperatingSystem.IsLinux() ? [0] :
        Directory.EnumerateFileSystemEntries(directory, "video*")
            .Select(path => ParseIndex(Path.GetFileName(path)[Prefix.Length..]))
            .OfType<int>()
            .Order()
            .ToList();

    /// <summary>
    /// The devices and the names that their drivers give them. Empty where devices are only found by opening them.
    /// </summary>
    public IReadOnlyList<FoundDevice> Found()
    {
        if (!OperatingSystem.IsLinux())
            return [];
        var links = LastingLinks().ToLookup(link => IndexOf(link));
        return [.. Indices.Select(index => new FoundDevice(index, NameOf(index), links[index].FirstOrDefault()))];
    }

    /// <summary>The index of the device that a path leads to, through any number of links; null if it leads to none.</summary>
    public int? IndexOf(string path)
    {
        try
        {
            var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
            var (folder, name) = (Path.GetDirectoryName(target), Path.GetFileName(target));
            return folder == Path.GetFullPath(directory) && name.StartsWith(Prefix, StringComparison.Ordinal)
                ? ParseIndex(name[Prefix.Length..])
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>
    /// Whether a path leads to a device, or is the link of one that is not connected: udev makes them in <c>v4l</c>, and the
    /// administrator's own rules next to the devices.
    /// </summary>
    public bool Contains(string path) =>
        path.StartsWith(Path.Combine(directory, "v4l") + "/", StringComparison.Ordinal) || IndexOf(path) is not null
        || (Path.GetDirectoryName(path) == directory && !Path.Exists(path));

    /// <summary>Why the device that a path leads to cannot be opened, or null.</summary>
    public CameraFault? Check(string path) => IndexOf(path) is { } index ? Check(index) : NoneAt(path);

    /// <exception cref="CameraException">The path leads to no device.</exception>
    public int Resolve(string path) => IndexOf(path) ?? throw new CameraException(NoneAt(path));

    /// <summary>The path of a device.</summary>
    public string PathOf(int index) =>
        Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{index}"));

    /// <summary>A device index, or null.</summary>
    public static int? ParseIndex(string number) =>
        int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index <= MaxIndex ? index : null;

    /// <summary>Why a device cannot be opened, or null.</summary>
    public CameraFault? Check(int index)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        var path = PathOf(index);
        try
        {
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return null;
        }
        catch (FileNotFoundException)
        {
            return NoneAt(path);
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

    private IEnumerable<string> LastingLinks() => LinkFolders
        .Select(folder => Path.Combine(directory, folder))
        .Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal));

    private static CameraFault NoneAt(string path) => new(
        CaptureOutcome.NoCamera, $"There is no camera at {path}", "Connect one, or choose another source", Permanent: true);

    public static CameraFault None { get; } = new(
        CaptureOutcome.NoCamera, "No camera is connected",
        "Connect one, or choose a stream, a video file or \"demo\" as the camera's source", Permanent: true);

    public static CameraFault InUse(int index) => new(
        CaptureOutcome.Unreachable, $"Camera {index} is connected but cannot be opened",
        "Close the program that uses it, or unplug it and plug it back in");

    public static CameraFault Stopped(int index) => new(
        CaptureOutcome.Unreachable, $"Camera {index} has stopped sending pictures",
        "If it does not recover, unplug it and plug it back in");
}

/// <summary>A camera device of this machine.</summary>
/// <param name="Index">The index, as <c>Camera:Source</c> takes it.</param>
/// <param name="Name">The name that its driver gives it.</param>
/// <param name="Link">A path that still leads to this camera after a restart, or null.</param>
public sealed record FoundDevice(int Index, string Name, string? Link)
{
    /// <summary>The value for <c>Camera:Source</c> that lasts longest.</summary>
    public string Source => Link ?? Index.ToString(CultureInfo.InvariantCulture);
}

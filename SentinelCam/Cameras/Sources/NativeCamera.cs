using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace SentinelCam.Cameras;

/// <summary>An open device or file. Used by one thread.</summary>
internal interface INativeReader : IDisposable
{
    /// <summary>The index of the device; null for a file.</summary>
    int? Device => null;

    /// <summary>Waits for the next frame, in native code that cannot be cancelled.</summary>
    /// <exception cref="CameraException">There are no more frames.</exception>
    Frame Read(CancellationToken stop);
}

/// <summary>A camera that OpenCV reads, on its own thread because a native read cannot be cancelled.</summary>
/// <remarks>
/// A thread that does not return is abandoned, and the next opening starts another one. Three abandoned threads for one source
/// are a fault.
/// </remarks>
internal sealed class NativeCamera : ICamera
{
    /// <summary>How long the first frame may take. Windows Media Foundation needs up to 20 seconds.</summary>
    private static readonly TimeSpan Opening = TimeSpan.FromSeconds(OperatingSystem.IsWindows() ? 20 : 5);

    /// <summary>
    /// How long to wait for the thread after opening or silence took five seconds: a thread is abandoned after ten.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly CameraFault Stuck = new(
        CaptureOutcome.TimedOut, "The camera's driver stopped responding three times",
        "Unplug the camera, plug it back in, and restart SentinelCam",
        Permanent: true);

    private readonly OpenCvLibrary _library;
    private readonly StuckThreads _stuckThreads;
    private readonly Func<CameraFault?> _check;
    private readonly Func<CancellationToken, INativeReader> _open;
    private readonly TimeProvider _time;
    private readonly Func<int?>? _device;
    private volatile int _opened = -1;

    /// <param name="source">The source, as it is shown.</param>
    /// <param name="library">OpenCV. If it cannot be loaded, nothing is opened.</param>
    /// <param name="stuckThreads">Counts the abandoned threads of all cameras.</param>
    /// <param name="check">Checks whether there is something to open.</param>
    /// <param name="open">Opens it, on the camera's thread.</param>
    /// <param name="time">The clock.</param>
    /// <param name="startsDark">True for a device, false for a file.</param>
    /// <param name="device">The index of the device that it would open now, if that is known.</param>
    public NativeCamera(
        string source,
        OpenCvLibrary library,
        StuckThreads stuckThreads,
        Func<CameraFault?> check,
        Func<CancellationToken, INativeReader> open,
        TimeProvider time,
        bool startsDark = false,
        Func<int?>? device = null)
    {
        StartsDark = startsDark;
        Source = source;
        _device = device;
        (_library, _stuckThreads, _check, _open, _time) = (library, stuckThreads, check, open, time);
    }

    public string Source { get; }

    public string Identity => _device?.Invoke() is { } found ? NameOf(found) : _opened >= 0 ? NameOf(_opened) : Source;

    public bool StartsDark { get; }

    // A missing camera is reported first: nobody should install a library for a camera that is not there
    public CameraFault? Check() => _check() ?? (_library.Loads ? null : CameraFaults.OpenCvMissing);

    public async IAsyncEnumerable<Frame> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var fault = Check() ?? (_stuckThreads.AreTooMany(Source) ? Stuck : null);
        if (fault is not null)
            throw new CameraException(fault);
        var frames = Channel.CreateBounded<Frame>(new BoundedChannelOptions(4) { FullMode = BoundedChannelFullMode.DropOldest });
        using var stop = new CancellationTokenSource();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var token = stop.Token;
        new Thread(() => Run(frames.Writer, ended, token)) { IsBackground = true, Name = $"camera {Source}" }.Start();
        try
        {
            await WhenOpenAsync(frames.Reader, cancellationToken);
            await foreach (var frame in frames.Reader.ReadAllAsync(cancellationToken))
                yield return frame;
        }
        finally
        {
            await stop.CancelAsync();
            await LetGoAsync(ended.Task);
        }
    }

    private static string NameOf(int device) => string.Create(CultureInfo.InvariantCulture, $"device {device}");

    private void Run(ChannelWriter<Frame> frames, TaskCompletionSource ended, CancellationToken stop)
    {
        Exception? end = null;
        try
        {
            using var reader = _open(stop);
            _opened = reader.Device ?? -1;
            while (!stop.IsCancellationRequested)
                frames.TryWrite(reader.Read(stop));
        }
        catch (Exception e)
        {
            // Passed on to whoever reads the frames: unhandled, it would end the process. The reader only knows that no frames
            // come, not that the camera was unplugged.
            end = e is CameraException && _check() is { } fault ? new CameraException(fault) : e;
        }
        finally
        {
            frames.TryComplete(end);
            ended.SetResult();
        }
    }

    private async Task WhenOpenAsync(ChannelReader<Frame> frames, CancellationToken cancellationToken)
    {
        try
        {
            await frames.WaitToReadAsync(cancellationToken).AsTask().WaitAsync(Opening, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new CameraException(CameraFaults.Silent);
        }
    }

    /// <summary>Waits briefly for the thread to release the device. If it does not, counts it as stuck until it ends.</summary>
    private async Task LetGoAsync(Task ended)
    {
        await ended.WaitAsync(Patience, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!ended.IsCompleted)
            _stuckThreads.Add(Source, ended);
    }
}

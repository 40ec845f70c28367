using System.Runtime.CompilerServices;
using System.Threading.Channels;
using SentinelCam.Cameras.Frames;

namespace SentinelCam.Cameras.Sources;

/// <summary>An open device or file, used by one thread.</summary>
internal interface INativeReader : IDisposable
{
    /// <summary>Waits for the next frame; native code that cannot be cancelled.</summary>
    /// <exception cref="CameraException">There are no more frames.</exception>
    Frame Read(CancellationToken stop);
}

/// <summary>A camera that OpenCV reads, on a thread of its own, because a native read cannot be cancelled.</summary>
/// <remarks>A thread that does not come back is abandoned and replaced by the next opening; at most three for one source, then it is a fault.</remarks>
internal sealed class NativeCamera : ICamera
{
    /// <summary>How long the first frame may take; Windows Media Foundation needs up to 20 s.</summary>
    private static readonly TimeSpan Opening = TimeSpan.FromSeconds(OperatingSystem.IsWindows() ? 20 : 5);

    /// <summary>After the five seconds of opening or silence that end a reader: a thread that hangs for ten is left behind.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly CameraFault Stuck = new(
        CaptureOutcome.TimedOut, "The camera's driver has hung three times", "Unplug the camera, plug it in again and restart SentinelCam",
        Permanent: true);

    private readonly OpenCvLibrary _library;
    private readonly StuckThreads _stuckThreads;
    private readonly Func<CameraFault?> _check;
    private readonly Func<CancellationToken, INativeReader> _open;
    private readonly TimeProvider _time;

    /// <param name="source">As it is shown.</param>
    /// <param name="library">OpenCV; nothing is opened where it does not load.</param>
    /// <param name="stuckThreads">Threads that hang, of all cameras.</param>
    /// <param name="check">Looks whether there is something to open.</param>
    /// <param name="open">Opens it, on the camera's thread.</param>
    /// <param name="time">The clock.</param>
    /// <param name="startsDark">Whether it is a device and no file.</param>
    public NativeCamera(
        string source,
        OpenCvLibrary library,
        StuckThreads stuckThreads,
        Func<CameraFault?> check,
        Func<CancellationToken, INativeReader> open,
        TimeProvider time,
        bool startsDark = false)
    {
        StartsDark = startsDark;
        Source = source;
        (_library, _stuckThreads, _check, _open, _time) = (library, stuckThreads, check, open, time);
    }

    public string Source { get; }

    public bool StartsDark { get; }

    // What is absent comes first: nobody installs a library for a camera that is not there
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

    private void Run(ChannelWriter<Frame> frames, TaskCompletionSource ended, CancellationToken stop)
    {
        Exception? end = null;
        try
        {
            using var reader = _open(stop);
            while (!stop.IsCancellationRequested)
                frames.TryWrite(reader.Read(stop));
        }
        catch (Exception e)
        {
            // Whatever it is, it belongs to who reads the frames; left here it would end the process
            end = e;
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

    /// <summary>Waits a little for the thread, so that the device is free again, or counts it as stuck until it comes back.</summary>
    private async Task LetGoAsync(Task ended)
    {
        await ended.WaitAsync(Patience, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!ended.IsCompleted)
            _stuckThreads.Add(Source, ended);
    }
}

using System.Runtime.CompilerServices;
using System.Threading.Channels;
using SentinelCam.Cameras;

namespace SentinelCam.Tests.Support;

/// <summary>A camera whose frames and faults come from the test, over any number of openings.</summary>
public sealed class FakeCamera : ICamera
{
    private readonly Channel<object> _script = Channel.CreateUnbounded<object>();

    public string Source => "fake";

    /// <summary>How often it was opened.</summary>
    public int Openings { get; private set; }

    /// <summary>How many frames the reader has taken before asking for the next.</summary>
    public int Sent { get; private set; }

    /// <summary>Whether it is open now.</summary>
    public bool IsOpen { get; private set; }

    public CameraFault? Fault { get; init; }

    public bool StartsDark { get; init; }

    public CameraFault? Check() => Fault;

    public void Send(params Frame[] frames)
    {
        foreach (var frame in frames)
            _script.Writer.TryWrite(frame);
    }

    public void Fail(CameraFault fault) => _script.Writer.TryWrite(new CameraException(fault));

    public void Crash(Exception exception) => _script.Writer.TryWrite(exception);

    public async IAsyncEnumerable<Frame> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Openings++;
        IsOpen = true;
        try
        {
            await foreach (var next in _script.Reader.ReadAllAsync(cancellationToken))
            {
                if (next is Exception exception)
                    throw exception;
                yield return (Frame)next;
                Sent++;
            }
        }
        finally
        {
            IsOpen = false;
        }
    }
}

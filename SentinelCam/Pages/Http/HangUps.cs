using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace SentinelCam.Pages;

/// <summary>
/// Lets a form that has arrived be read although its visitor has hung up. Kestrel drops it otherwise: whoever guesses passwords
/// without waiting for answers would not be recorded.
/// </summary>
/// <remarks>
/// Kestrel learns that the connection is closed when the form has been read, or after a while. What a reset connection has not
/// delivered yet is lost.
/// </remarks>
internal sealed class HangUps : IDisposable
{
    /// <summary>The longest time that a closed connection seems open.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _told = new();
    private bool _isClosed, _isFormRead, _isFormUnreadable;

    /// <summary>Holds back the ends of all connections.</summary>
    public static void Delay(KestrelServerOptions options) => options.ConfigureEndpointDefaults(listen => listen.Use(next =>
        async connection =>
        {
            using var hangUps = new HangUps();
            await using var closed = connection.ConnectionClosed.Register(hangUps.Close);
            connection.ConnectionClosed = hangUps._told.Token;
            connection.Features.Set(hangUps);
            connection.Transport = new Transport(new UnreadInput(connection.Transport.Input), connection.Transport.Output);
            await next(connection);
        }));

    /// <summary>The form of the current request has been read, or there is none.</summary>
    public void FormIsRead() => Tell(() => _isFormRead = true);

    /// <summary>
    /// The form of the current request cannot be read, so Kestrel reads nothing more from the connection. It finds that out only
    /// while the connection seems open; otherwise it tries, and logs an exception.
    /// </summary>
    public void FormIsUnreadable() => Tell(() => _isFormUnreadable = true);

    /// <summary>The current request has ended. Another one may have arrived already.</summary>
    public void RequestEnds() => Tell(() => _isFormRead = false);

    /// <inheritdoc />
    public void Dispose() => _told.Dispose();

    private void Close()
    {
        Tell(() => _isClosed = true);
        // Does nothing after the end was told
        _told.CancelAfter(Patience);
    }

    private void Tell(Action change)
    {
        bool tells;
        lock (_lock)
        {
            change();
            tells = _isClosed && _isFormRead && !_isFormUnreadable;
        }

        if (tells)
            _told.Cancel();
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>
    /// An input that has not ended as long as there is something to read: Kestrel reads no form from one that has.
    /// </summary>
    private sealed class UnreadInput(PipeReader input) : PipeReader
    {
        /// <summary>How much of the last read was looked at and left; null if not all of it was looked at.</summary>
        private long? _left;
        private ReadOnlySequence<byte> _read;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            Result(await input.ReadAsync(cancellationToken));

        public override bool TryRead(out ReadResult result)
        {
            var isRead = input.TryRead(out result);
            if (isRead)
                result = Result(result);
            return isRead;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            // What was looked at and left is not enough
            _left = _read.Slice(examined).IsEmpty ? _read.Slice(consumed).Length : null;
            input.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => input.CancelPendingRead();

        public override void Complete(Exception? exception = null) => input.Complete(exception);

        private ReadResult Result(ReadResult result)
        {
            _read = result.Buffer;
            return result.IsCompleted && !_read.IsEmpty && _read.Length != _left
                ? new ReadResult(result.Buffer, result.IsCanceled, isCompleted: false)
                : result;
        }
    }
}

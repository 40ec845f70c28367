using System.Globalization;
using System.Text;

namespace SentinelCam.Cameras;

/// <summary>The body of a camera's response, without the frames of chunks. Breaking off is the same as ending.</summary>
/// <param name="first">What arrived with the head.</param>
/// <param name="rest">What is still to arrive. Its owner disposes it.</param>
/// <param name="isChunked">Whether the head says that the body consists of chunks. If it does not, it is read as it is.</param>
/// <param name="length">The length according to the head.</param>
/// <remarks>
/// A length is a hint only: some cameras understate it. Behind it the body goes on for as long as data arrives without a pause.
/// </remarks>
internal sealed class CameraBody(ReadOnlyMemory<byte> first, Stream rest, bool isChunked, long? length) : Stream
{
    /// <summary>How long to wait for data behind the end that the head announced.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.25);

    private const int MaxSizeLine = 64;

    private readonly byte[] _buffer = new byte[16 * 1024];
    private ReadOnlyMemory<byte> _unread = first;
    private bool _isChunked = isChunked;
    private bool _anyChunk;
    private bool _ended;
    private long _chunk;
    private long _read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ended || buffer.IsEmpty)
            return 0;
        if (_isChunked && _chunk == 0 && !await NextChunkAsync(cancellationToken))
            return End();
        if (_unread.IsEmpty && !await FillAsync(cancellationToken))
            return End();
        var count = Math.Min(buffer.Length, _unread.Length);
        if (_isChunked)
            count = (int)Math.Min(count, _chunk);
        _unread[..count].CopyTo(buffer);
        _unread = _unread[count..];
        _read += count;
        _chunk -= _isChunked ? count : 0;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int End()
    {
        _ended = true;
        return 0;
    }

    /// <summary>Reads the line with the size of the next chunk. False after the last chunk.</summary>
    private async ValueTask<bool> NextChunkAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var line = _unread.Span.IndexOf((byte)'\n');
            if (line < 0 && _unread.Length < MaxSizeLine)
            {
                var left = _unread.ToArray();
                if (!await FillAsync(cancellationToken))
                    return false;
                _unread = (byte[])[.. left, .. _unread.Span];
                continue;
            }
            var text = line < 0 ? "" : Encoding.Latin1.GetString(_unread.Span[..line]).Split(';')[0].Trim();
            if (text.Length == 0 && line >= 0 && _anyChunk)
            {
                // The end of the chunk before
                _unread = _unread[(line + 1)..];
                continue;
            }
            if (!long.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _chunk) || _chunk < 0)
            {
                // These are no chunks
                _isChunked = false;
                return true;
            }
            _unread = _unread[(line + 1)..];
            _anyChunk = true;
            return _chunk > 0;
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        try
        {
            int count;
            if (_read >= length)
            {
                using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                pause.CancelAfter(Pause);
                count = await rest.ReadAsync(_buffer, pause.Token);
            }
            else
            {
                count = await rest.ReadAsync(_buffer, cancellationToken);
            }
            _unread = _buffer.AsMemory(0, count);
            return count > 0;
        }
        catch (IOException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}

using SentinelCam.Data;

namespace SentinelCam.Cameras;

/// <summary>Extracts the JPEG pictures from a multipart stream, byte for byte.</summary>
/// <remarks>
/// Pictures are found by their own markers, and everything between them is skipped. The alternative, following boundaries and
/// Content-Length, was rejected: cameras get both wrong, and after a wrong length or an incomplete part the next good picture
/// would be lost, too. Memory is limited by the largest picture, whatever the other side sends.
/// </remarks>
/// <param name="stream">The data.</param>
/// <param name="time">The clock.</param>
/// <param name="maxSkipped">How many bytes may arrive without a picture.</param>
/// <param name="isSnapshot">Whether the data are those of one picture.</param>
internal sealed class MjpegReader(
    Stream stream, TimeProvider time, long maxSkipped = MjpegReader.MaxSkipped, bool isSnapshot = false)
{
    /// <summary>After this many damaged pictures in a row, the camera has failed.</summary>
    public const int MaxRejected = 10;

    // Twice the largest picture
    public const long MaxSkipped = 2L * JpegParser.MaxBytes;

    private readonly JpegParser _parser = new();
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private bool _inPicture;
    private DateTimeOffset _takenAt;
    private long _skipped;
    private int _rejectedInARow;
    private bool _anyFrame;
    private bool _tooLarge;

    /// <summary>Number of incomplete or damaged pictures.</summary>
    public int Rejected { get; private set; }

    /// <summary>The fault that the end of the stream stands for.</summary>
    public CameraFault EndFault => !_anyFrame && Rejected > 0 ? RejectedFault : CameraFaults.Ended;

    private CameraFault RejectedFault => _tooLarge ? CameraFaults.TooLarge : CameraFaults.Garbled;

    /// <summary>Reads the next complete picture.</summary>
    /// <returns>The picture, or null if the stream has ended or the connection broke.</returns>
    /// <exception cref="CameraException">The stream contains data but no pictures.</exception>
    public async ValueTask<Frame?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (_inPicture || FindStart())
            {
                switch (_parser.Advance(_buffer.AsSpan(_start, _end - _start)))
                {
                    case JpegProgress.Complete:
                        return TakeFrame();
                    case JpegProgress.Malformed:
                        var startsAgain = _parser.ResumeAt == 2
                            && _buffer.AsSpan(_start + 2, _end - _start - 2).StartsWith(JpegParser.Start[..2]);
                        Reject(_parser.ResumeAt);
                        // Behind a damaged snapshot there is no other, but its thumbnail would look like one
                        if (isSnapshot && !startsAgain)
                            return null;
                        continue;
                }
                break;
            }
            if (await FillAsync(cancellationToken))
                continue;
            if (!_inPicture)
                return null;
            if (_parser.AdvanceToEnd(_buffer.AsSpan(_start, _end - _start)) == JpegProgress.Complete)
                return TakeFrame();
            // What looked like a long segment of this picture may contain a complete one
            Reject(_parser.Abandon());
            if (isSnapshot)
                return null;
        }
    }

    /// <summary>Moves to the next start of a picture. False if the data contains none.</summary>
    private bool FindStart()
    {
        var data = _buffer.AsSpan(_start, _end - _start);
        var at = data.IndexOf(JpegParser.Start);
        // The last two bytes may be the first two of a start
        var skip = at >= 0 ? at : Math.Max(0, data.Length - 2);
        _start += skip;
        _skipped += skip;
        if (_skipped > maxSkipped)
            throw new CameraException(CameraFaults.NoPictures);
        if (at < 0)
            return false;
        _inPicture = true;
        _parser.Reset();
        _takenAt = time.GetUtcNow();
        return true;
    }

    private Frame TakeFrame()
    {
        var jpeg = _buffer.AsSpan(_start, _parser.Length).ToArray();
        _start += _parser.Length;
        (_inPicture, _anyFrame, _skipped, _rejectedInARow) = (false, true, 0, 0);
        return new Frame(jpeg, _parser.Width, _parser.Height, _takenAt, FrameQuality.Unchecked);
    }

    private void Reject(int length)
    {
        _start += length;
        _skipped += length;
        _inPicture = false;
        Rejected++;
        _tooLarge = _parser.IsTooLarge;
        // At once for a snapshot: reading ten such pictures would take longer than a capture
        if (++_rejectedInARow >= MaxRejected || (isSnapshot && _tooLarge))
            throw new CameraException(RejectedFault);
    }

    /// <summary>Reads more data. False at the end of the stream.</summary>
    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_end == _buffer.Length)
            MakeRoom();
        var read = await ReadAsync(stream, _buffer.AsMemory(_end), cancellationToken);
        _end += read;
        return read > 0;
    }

    /// <summary>Reads some data. 0 at the end; a connection or a compression that breaks is the same as an end.</summary>
    public static async ValueTask<int> ReadAsync(Stream stream, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            return 0;
        }
    }

    /// <summary>
    /// Moves unread data to the front. Grows the buffer only if that frees less than half; the parser limits the size.
    /// </summary>
    private void MakeRoom()
    {
        var unread = _end - _start;
        var target = unread > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        _buffer.AsSpan(_start, unread).CopyTo(target);
        (_buffer, _start, _end) = (target, 0, unread);
    }
}

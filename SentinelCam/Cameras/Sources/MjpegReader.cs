using SentinelCam.Data;

namespace SentinelCam.Cameras;

/// <summary>Extracts the JPEG pictures from a multipart stream, byte for byte.</summary>
/// <remarks>
/// Pictures are found by their own markers, and everything between them is skipped. The alternative, following boundaries and
/// Content-Length, was rejected: cameras get both wrong, and after a wrong length or an incomplete part the next good picture
/// would be lost, too. Memory is limited by the largest picture, whatever the other side sends.
/// </remarks>
internal sealed class MjpegReader(Stream stream, TimeProvider time)
{
    /// <summary>After this many damaged pictures in a row, the camera has failed.</summary>
    public const int MaxRejected = 10;

    // How many bytes may arrive without a picture: twice the largest picture
    private const long MaxSkipped = 2L * JpegParser.MaxBytes;

    private readonly JpegParser _parser = new();
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private bool _inPicture;
    private DateTimeOffset _takenAt;
    private long _skipped;
    private int _rejectedInARow;
    private bool _anyFrame;

    /// <summary>Number of incomplete or damaged pictures.</summary>
    public int Rejected { get; private set; }

    /// <summary>The fault that the end of the stream stands for.</summary>
    public CameraFault EndFault => !_anyFrame && Rejected > 0 ? CameraFaults.Garbled : CameraFaults.Ended;

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
                        Reject(_parser.ResumeAt);
                        continue;
                }
                break;
            }
            if (await FillAsync(cancellationToken))
                continue;
            if (!_inPicture)
                return null;
            // What looked like a long segment of this picture may contain a complete one
            Reject(_parser.Abandon());
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
        if (_skipped > MaxSkipped)
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
        if (++_rejectedInARow >= MaxRejected)
            throw new CameraException(CameraFaults.Garbled);
    }

    /// <summary>Reads more data. False at the end of the stream.</summary>
    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_end == _buffer.Length)
            MakeRoom();
        try
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            _end += read;
            return read > 0;
        }
        catch (IOException)
        {
            // A broken connection ends the stream, like a closed one
            return false;
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

using SentinelCam.Cameras.Frames;
using SentinelCam.Data;

namespace SentinelCam.Cameras.Sources;

/// <summary>Finds the JPEG pictures in a multipart stream and keeps their bytes.</summary>
/// <remarks>
/// The pictures are found by their own markers, and what lies between them is skipped unread. Following boundaries and
/// Content-Length was the other way; cameras get both wrong, and after a lie or a cut-off part the next good picture would
/// be lost with it. Memory is bounded by the largest picture, whatever the other side sends.
/// </remarks>
internal sealed class MjpegReader(Stream stream, TimeProvider time)
{
    /// <summary>So many damaged pictures in a row, and the camera is given up.</summary>
    public const int MaxRejected = 10;

    // What may come without a picture in it; twice the largest picture
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

    /// <summary>How many pictures were cut off or damaged.</summary>
    public int Rejected { get; private set; }

    /// <summary>What the end of the stream means.</summary>
    public CameraFault EndFault => !_anyFrame && Rejected > 0 ? CameraFaults.Garbled : CameraFaults.Ended;

    /// <summary>Reads up to the end of the next whole picture.</summary>
    /// <returns>The picture, or null when the stream has ended or broken off.</returns>
    /// <exception cref="CameraException">The stream brings data but no pictures.</exception>
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
            // What seemed to be a long segment of this picture may hold a whole one
            Reject(_parser.Abandon());
        }
    }

    /// <summary>Moves to the next start of a picture; false when the data holds none.</summary>
    private bool FindStart()
    {
        var data = _buffer.AsSpan(_start, _end - _start);
        var at = data.IndexOf(JpegParser.Start);
        // Its first two bytes may be the last two that have arrived
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

    /// <summary>Reads more; false at the end of the stream.</summary>
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
            // A connection that breaks ends the stream like one that is closed
            return false;
        }
    }

    /// <summary>Moves what is unread to the front, and grows only when that frees less than half; the parser caps a picture.</summary>
    private void MakeRoom()
    {
        var unread = _end - _start;
        var target = unread > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        _buffer.AsSpan(_start, unread).CopyTo(target);
        (_buffer, _start, _end) = (target, 0, unread);
    }
}

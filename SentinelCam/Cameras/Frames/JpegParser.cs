using System.Buffers.Binary;

namespace SentinelCam.Cameras;

internal enum JpegProgress
{
    NeedsMore,
    Complete,
    Malformed,
}

/// <summary>Follows one JPEG from its first marker to its last through bytes that may still be arriving.</summary>
/// <remarks>
/// Strict about structure, because a camera may be hostile: markers in order, a plausible size, an end. Pixels are not decoded.
/// Each byte is read once, however the data is split.
/// </remarks>
internal sealed class JpegParser
{
    /// <summary>Maximum size of a JPEG, in bytes.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    // No camera needs more; these limit the work that a hostile one can cause
    private const int MaxPixels = 40_000_000;
    private const int MaxSegments = 512;
    private const int MaxHeaderBytes = 1024 * 1024;

    // Metadata never contains this: in a stream it means that the picture was cut off within a segment
    private static ReadOnlySpan<byte> NextPart => [0x0D, 0x0A, 0x0D, 0x0A, 0xFF, 0xD8, 0xFF];

    private int _position;
    private int _segmentAt;
    private int _segments;
    private bool _inScan;
    private bool _scanSeen;

    /// <summary>The start of a JPEG: SOI and the first byte of the next marker.</summary>
    public static ReadOnlySpan<byte> Start => [0xFF, 0xD8, 0xFF];

    /// <summary>Width in pixels; 0 before the frame header.</summary>
    public int Width { get; private set; }

    /// <summary>Height in pixels; 0 before the frame header.</summary>
    public int Height { get; private set; }

    /// <summary>Length of a complete JPEG, in bytes.</summary>
    public int Length { get; private set; }

    /// <summary>Whether the JPEG contains its Huffman tables. Webcams often leave them out.</summary>
    public bool HasHuffmanTables { get; private set; }

    /// <summary>Offset in a malformed JPEG's bytes at which to search for the next one; greater than 0.</summary>
    public int ResumeAt { get; private set; }

    /// <summary>Whether the bytes start with a complete JPEG. If so, the parser has its length and size.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out JpegParser parser)
    {
        parser = new JpegParser();
        parser.Reset();
        return bytes.StartsWith(Start) && parser.Advance(bytes) == JpegProgress.Complete;
    }

    /// <summary>Prepares for another JPEG.</summary>
    public void Reset()
    {
        (_position, _segmentAt, _segments, _inScan, _scanSeen) = (2, 0, 0, false, false);
        (Width, Height, Length, ResumeAt, HasHuffmanTables) = (0, 0, 0, 0, false);
    }

    /// <summary>Continues as far as the data allows.</summary>
    /// <param name="jpeg">All bytes so far, starting with <see cref="Start"/>.</param>
    public JpegProgress Advance(ReadOnlySpan<byte> jpeg)
    {
        var progress = Walk(jpeg);
        if (progress == JpegProgress.NeedsMore && jpeg.Length >= MaxBytes)
            progress = Malformed(_inScan ? jpeg.Length : _segmentAt + 2);
        if (progress == JpegProgress.Complete && Length > MaxBytes)
            progress = Malformed(Length);
        return progress;
    }

    /// <summary>Abandons a picture that will not be completed.</summary>
    /// <returns>The offset at which to search for the next one.</returns>
    public int Abandon()
    {
        Malformed(_segmentAt + 2);
        return ResumeAt;
    }

    private JpegProgress Walk(ReadOnlySpan<byte> jpeg)
    {
        while (true)
        {
            if (_inScan && !SkipScan(jpeg))
                return JpegProgress.NeedsMore;
            if (jpeg.Length - _position < 2)
                return JpegProgress.NeedsMore;
            if (jpeg[_position] != 0xFF)
                return Malformed(_segmentAt + 2);
            var marker = jpeg[_position + 1];
            switch (marker)
            {
                case 0xFF: // a fill byte
                    _position++;
                    continue;
                case 0xD8: // another picture starts, so this one was cut off
                    return Malformed(_position);
                case 0xD9:
                    Length = _position + 2;
                    return _scanSeen ? JpegProgress.Complete : Malformed(Length);
            }
            var step = Segment(jpeg, marker);
            if (step != JpegProgress.Complete)
                return step;
        }
    }

    /// <summary>Moves to the marker that ends the compressed data. False if it has not arrived yet.</summary>
    private bool SkipScan(ReadOnlySpan<byte> jpeg)
    {
        while (true)
        {
            var next = jpeg[_position..].IndexOf((byte)0xFF);
            if (next < 0)
            {
                _position = jpeg.Length;
                return false;
            }
            _position += next;
            if (_position + 1 >= jpeg.Length)
                return false;
            switch (jpeg[_position + 1])
            {
                case 0x00 or (>= 0xD0 and <= 0xD7): // an escaped FF, or a restart marker
                    _position += 2;
                    continue;
                case 0xFF:
                    _position++;
                    continue;
            }
            _inScan = false;
            return true;
        }
    }

    /// <summary>Checks and skips one marker segment. Complete means that the segment is complete.</summary>
    private JpegProgress Segment(ReadOnlySpan<byte> jpeg, byte marker)
    {
        if (!IsSegment(marker) || ++_segments > MaxSegments || (!_scanSeen && _position > MaxHeaderBytes))
            return Malformed(_segmentAt + 2);
        if (jpeg.Length - _position < 4)
            return Again();
        var length = BinaryPrimitives.ReadUInt16BigEndian(jpeg[(_position + 2)..]);
        if (length < 2)
            return Malformed(_segmentAt + 2);
        var end = _position + 2 + length;
        if (jpeg.Length < end)
            return Again();
        var body = jpeg[(_position + 4)..end];
        _segmentAt = _position;
        if (body.IndexOf(NextPart) >= 0)
            return Malformed(_segmentAt + 2);
        if (marker is 0xC0 or 0xC1 or 0xC2 && !FrameHeader(body))
            return Malformed(_segmentAt + 2);
        HasHuffmanTables |= marker == 0xC4;
        if (marker == 0xDA)
        {
            if (Width == 0 || body.Length < 4 || body[0] is < 1 or > 4 || body.Length != 4 + 2 * body[0])
                return Malformed(_segmentAt + 2);
            (_inScan, _scanSeen) = (true, true);
        }
        _position = end;
        return JpegProgress.Complete;
    }

    private JpegProgress Again()
    {
        _segments--;
        return JpegProgress.NeedsMore;
    }

    /// <summary>SOF0 to SOF2 (what browsers and mail programs show), DHT, DQT, SOS, DRI, COM and APPn.</summary>
    private static bool IsSegment(byte marker) =>
        marker is 0xC0 or 0xC1 or 0xC2 or 0xC4 or 0xDA or 0xDB or 0xDD or 0xFE or (>= 0xE0 and <= 0xEF);

    private bool FrameHeader(ReadOnlySpan<byte> body)
    {
        if (Width != 0 || body.Length < 6 || body[0] != 8 || body[5] is < 1 or > 4 || body.Length != 6 + 3 * body[5])
            return false;
        Height = BinaryPrimitives.ReadUInt16BigEndian(body[1..]);
        Width = BinaryPrimitives.ReadUInt16BigEndian(body[3..]);
        return Width > 0 && Height > 0 && (long)Width * Height <= MaxPixels;
    }

    private JpegProgress Malformed(int resumeAt)
    {
        ResumeAt = Math.Max(2, resumeAt);
        return JpegProgress.Malformed;
    }
}

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
/// Like viewers, it forgives what precedes the compressed data: if a segment's length is wrong, it goes on at the next marker.
/// Each byte is read a few times at most, however the data is split.
/// </remarks>
internal sealed class JpegParser
{
    /// <summary>Maximum size of a JPEG, in bytes.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    // No camera needs more; these limit the work that a hostile one can cause
    private const int MaxPixels = 65_000_000;
    private const long MaxCoefficientBytes = 320L * 1024 * 1024;
    private const int MaxSegments = 512;
    private const int MaxHeaderBytes = 1024 * 1024;

    // Metadata never contains this: in a stream it means that the picture was cut off within a segment
    private static ReadOnlySpan<byte> NextPart => [0x0D, 0x0A, 0x0D, 0x0A, 0xFF, 0xD8, 0xFF];

    private int _position;
    private int _segmentAt;
    private int _segments;
    private bool _inScan;
    private bool _scanSeen;
    private bool _tablesSeen;
    private int _components;

    /// <summary>What a decoder needs, in bytes, unless all components are in one sequential scan, read row by row.</summary>
    private long _coefficientBytes;

    /// <summary>Where to search for a marker because the last segment did not end at one; 0 if it did.</summary>
    private int _searchFrom;

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

    /// <summary>Whether a malformed JPEG only exceeds the limits on pixels, bytes, or memory for decoding.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>Whether the bytes start with a complete JPEG. If so, the parser has its length and size.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out JpegParser parser)
    {
        parser = new JpegParser();
        parser.Reset();
        return bytes.StartsWith(Start)
            && (parser.Advance(bytes) == JpegProgress.Complete || parser.AdvanceToEnd(bytes) == JpegProgress.Complete);
    }

    /// <summary>Prepares for another JPEG.</summary>
    public void Reset()
    {
        (_position, _segmentAt, _segments, _inScan, _scanSeen, _tablesSeen, _searchFrom) = (2, 0, 0, false, false, false, 0);
        (Width, Height, Length, ResumeAt, HasHuffmanTables, IsTooLarge) = (0, 0, 0, 0, false, false);
    }

    /// <summary>Continues as far as the data allows.</summary>
    /// <param name="jpeg">All bytes so far, starting with <see cref="Start"/>.</param>
    public JpegProgress Advance(ReadOnlySpan<byte> jpeg)
    {
        var progress = Walk(jpeg);
        if (progress == JpegProgress.NeedsMore && jpeg.Length >= MaxBytes)
            progress = TooLarge(_inScan ? jpeg.Length : _segmentAt + 2);
        if (progress == JpegProgress.Complete && Length > MaxBytes)
            progress = TooLarge(Length);
        return progress;
    }

    /// <summary>
    /// Continues although no more data will arrive: a metadata segment that seems to reach beyond the end has a wrong length.
    /// </summary>
    /// <param name="jpeg">All bytes, starting with <see cref="Start"/>.</param>
    public JpegProgress AdvanceToEnd(ReadOnlySpan<byte> jpeg)
    {
        if (ResumeAt > 0 || _scanSeen || _searchFrom > 0 || jpeg.Length - _position < 4 || !IsMetadata(jpeg[_position + 1]))
            return ResumeAt > 0 ? JpegProgress.Malformed : JpegProgress.NeedsMore;
        (_segmentAt, _searchFrom) = (_position, _position + 4);
        return Advance(jpeg) is not JpegProgress.NeedsMore and var progress ? progress : AdvanceToEnd(jpeg);
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
            if (_searchFrom > 0 && !FindMarker(jpeg))
                return ResumeAt > 0 ? JpegProgress.Malformed : JpegProgress.NeedsMore;
            if (jpeg.Length - _position < 2)
                return JpegProgress.NeedsMore;
            var marker = jpeg[_position + 1];
            if (jpeg[_position] != 0xFF || !(IsSegment(marker) || marker is 0xFF or 0xD8 or 0xD9))
            {
                if (_scanSeen)
                    return Malformed(_segmentAt + 2);
                // A comment is text, so a marker in it means that it is shorter than it says
                _searchFrom = jpeg[_segmentAt + 1] == 0xFE ? _segmentAt + 4 : _position;
                continue;
            }
            // A wrong length may end just behind the start of the next picture
            if (_position > NextPart.Length && jpeg[(_position + 1 - NextPart.Length)..].StartsWith(NextPart))
                return Malformed(_position - 2);
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

    /// <summary>Searches for the next marker. False if it has not arrived yet, or if the picture is malformed.</summary>
    private bool FindMarker(ReadOnlySpan<byte> jpeg)
    {
        while (true)
        {
            var next = jpeg[_searchFrom..].IndexOf((byte)0xFF);
            _searchFrom = next < 0 ? jpeg.Length : _searchFrom + next;
            if (_searchFrom > MaxHeaderBytes)
            {
                Malformed(_segmentAt + 2);
                return false;
            }
            if (_searchFrom + 1 >= jpeg.Length)
                return false;
            if (IsSegment(jpeg[_searchFrom + 1]) || jpeg[_searchFrom + 1] is 0xD8 or 0xD9)
                break;
            _searchFrom++;
        }
        // The next picture may start on the way, even across the end of the segment
        var skipped = jpeg[(_segmentAt + 2)..Math.Min(jpeg.Length, _searchFrom + 3)];
        if (skipped.IndexOf(NextPart) >= 0)
        {
            Malformed(_segmentAt + 2);
            return false;
        }
        (_position, _searchFrom) = (_searchFrom, 0);
        return true;
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
        if (++_segments > MaxSegments || (!_scanSeen && _position > MaxHeaderBytes))
            return Malformed(_segmentAt + 2);
        if (jpeg.Length - _position < 4)
            return Again();
        var length = BinaryPrimitives.ReadUInt16BigEndian(jpeg[(_position + 2)..]);
        if (length < 2 && (_scanSeen || !IsMetadata(marker)))
            return Malformed(_segmentAt + 2);
        var end = _position + 2 + Math.Max((ushort)2, length);
        if (jpeg.Length < end)
            return Again();
        var body = jpeg[(_position + 4)..end];
        _segmentAt = _position;
        if (body.IndexOf(NextPart) >= 0)
        {
            if (marker != 0xFE || _scanSeen)
                return Malformed(_segmentAt + 2);
            // The comment is shorter than it says
            _searchFrom = _segmentAt + 4;
            return JpegProgress.Complete;
        }
        if (marker is 0xC0 or 0xC1 or 0xC2 && !FrameHeader(body, isProgressive: marker == 0xC2))
            return Malformed(_segmentAt + 2);
        HasHuffmanTables |= marker == 0xC4;
        _tablesSeen |= marker == 0xDB;
        if (marker == 0xDA)
        {
            if (Width == 0 || !_tablesSeen || body.Length < 4 || body[0] is < 1 or > 4 || body.Length != 4 + 2 * body[0])
                return Malformed(_segmentAt + 2);
            if (body[0] < _components && _coefficientBytes > MaxCoefficientBytes)
                return TooLarge(_segmentAt + 2);
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

    /// <summary>Comments and application data, which pictures do not depend on.</summary>
    private static bool IsMetadata(byte marker) => marker is 0xFE or (>= 0xE0 and <= 0xEF);

    private bool FrameHeader(ReadOnlySpan<byte> body, bool isProgressive)
    {
        if (Width != 0 || body.Length < 6 || body[0] != 8 || body[5] is < 1 or > 4 || body.Length != 6 + 3 * body[5])
            return false;
        Height = BinaryPrimitives.ReadUInt16BigEndian(body[1..]);
        Width = BinaryPrimitives.ReadUInt16BigEndian(body[3..]);
        (_components, _coefficientBytes) = (body[5], CoefficientBytes(body));
        IsTooLarge = (long)Width * Height > MaxPixels || (isProgressive && _coefficientBytes > MaxCoefficientBytes);
        return Width > 0 && Height > 0 && !IsTooLarge;
    }

    /// <summary>Two bytes for each coefficient. Components that are sampled less have fewer (ITU-T T.81, A.1.1).</summary>
    private long CoefficientBytes(ReadOnlySpan<byte> body)
    {
        var (samples, widest, highest) = (0, 1, 1);
        for (var at = 7; at < body.Length; at += 3)
        {
            var (across, down) = (body[at] >> 4, body[at] & 15);
            samples += across * down;
            (widest, highest) = (Math.Max(widest, across), Math.Max(highest, down));
        }
        return 2L * Width * Height * samples / (widest * highest);
    }

    private JpegProgress TooLarge(int resumeAt)
    {
        IsTooLarge = true;
        return Malformed(resumeAt);
    }

    private JpegProgress Malformed(int resumeAt)
    {
        ResumeAt = Math.Max(2, resumeAt);
        return JpegProgress.Malformed;
    }
}

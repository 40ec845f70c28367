using System.IO.Compression;

namespace SentinelCam.Cameras;

/// <summary>What a response contains.</summary>
internal enum ContentKind
{
    /// <summary>Nothing.</summary>
    Empty,

    /// <summary>Pictures one after another.</summary>
    Stream,

    /// <summary>One picture.</summary>
    Snapshot,

    /// <summary>It starts with a picture; more may follow.</summary>
    Unclear,

    /// <summary>It neither looks like pictures nor says that it contains some.</summary>
    Other,
}

/// <summary>The content of a response, decompressed if necessary.</summary>
/// <remarks>
/// The first bytes decide what it is. The content type decides only what they leave open, because many cameras send a wrong one.
/// </remarks>
internal sealed record CameraContent(ContentKind Kind, Stream Data)
{
    private static ReadOnlySpan<byte> Gzip => [0x1F, 0x8B];

    private static ReadOnlySpan<byte> Boundary => "--"u8;

    /// <summary>Reads the first bytes of a response.</summary>
    public static async Task<CameraContent> OpenAsync(CameraResponse response, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(response);
        var (start, data) = await PeekAsync(response.Body, cancellationToken);
        if (Decompress(response, start, data) is { } decompressed)
            (start, data) = await PeekAsync(decompressed, cancellationToken);
        return new CameraContent(KindOf(response, start), data);
    }

    private static ContentKind KindOf(CameraResponse response, ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty)
            return ContentKind.Empty;
        if (start.StartsWith(Boundary))
            return ContentKind.Stream;
        return response.MediaType switch
        {
            "MULTIPART/X-MIXED-REPLACE" or "MULTIPART/MIXED" => ContentKind.Stream,
            "VIDEO/X-MOTION-JPEG" or "VIDEO/MJPEG" or "VIDEO/X-MJPEG" or "VIDEO/X-JPEG"
                or "IMAGE/MJPEG" or "IMAGE/X-MOTION-JPEG" => ContentKind.Stream,
            "IMAGE/JPEG" or "IMAGE/JPG" or "IMAGE/PJPEG" => ContentKind.Snapshot,
            _ when start.StartsWith(JpegParser.Start[..2]) =>
                response.Length is null ? ContentKind.Unclear : ContentKind.Snapshot,
            "" or "APPLICATION/OCTET-STREAM" or "BINARY/OCTET-STREAM" => ContentKind.Unclear,
            _ => ContentKind.Other,
        };
    }

    /// <summary>Some cameras compress although the request does not allow it, and some say so without doing it.</summary>
    private static Stream? Decompress(CameraResponse response, ReadOnlySpan<byte> start, Stream data)
    {
        if (start.StartsWith(Gzip))
            return new GZipStream(data, CompressionMode.Decompress);
        if (start.StartsWith(JpegParser.Start[..2]) || start.StartsWith(Boundary))
            return null;
        return response.First("Content-Encoding")?.ToUpperInvariant() switch
        {
            "BR" => new BrotliStream(data, CompressionMode.Decompress),
            "DEFLATE" when !start.IsEmpty && start[0] == 0x78 => new ZLibStream(data, CompressionMode.Decompress),
            "DEFLATE" => new DeflateStream(data, CompressionMode.Decompress),
            _ => null,
        };
    }

    /// <summary>The first bytes that are not blank, and the data with them.</summary>
    private static async Task<(byte[] Start, Stream Data)> PeekAsync(Stream data, CancellationToken cancellationToken)
    {
        const int Enough = 3;
        var bytes = new byte[1024];
        var count = 0;
        while (true)
        {
            var first = bytes.AsSpan(0, count).IndexOfAnyExcept("\r\n \t"u8);
            if ((first >= 0 && count - first >= Enough) || count == bytes.Length)
                break;
            var read = await MjpegReader.ReadAsync(data, bytes.AsMemory(count), cancellationToken);
            if (read == 0)
                break;
            count += read;
        }
        var start = bytes.AsSpan(0, count).TrimStart("\r\n \t"u8).ToArray();
        return (start, new CameraBody(bytes.AsMemory(0, count), data, isChunked: false, length: null));
    }
}

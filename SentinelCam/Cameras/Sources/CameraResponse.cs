using System.Globalization;
using System.Text;

namespace SentinelCam.Cameras;

/// <summary>The response of a camera, read as leniently as browsers do.</summary>
/// <remarks>Lines may end without CR; lines that are no fields are skipped. A body without any head is accepted, too.</remarks>
internal sealed class CameraResponse
{
    private static readonly char[] Blank = [' ', '\t', '\r'];

    private readonly Dictionary<string, List<string>> _fields = new(StringComparer.OrdinalIgnoreCase);

    private CameraResponse(int status, IEnumerable<string> lines)
    {
        Status = status;
        foreach (var line in lines)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var name = colon < 0 ? "" : line[..colon].Trim(Blank);
            if (name.Length == 0)
                continue;
            if (!_fields.TryGetValue(name, out var values))
                _fields[name] = values = [];
            values.Add(line[(colon + 1)..].Trim(Blank));
        }
    }

    public int Status { get; }

    /// <summary>The body, without chunks. It ends where the connection ends, or where the head or the last chunk says.</summary>
    public Stream Body { get; private set; } = Stream.Null;

    /// <summary>The length of the body in bytes, or null if it is unknown. May be wrong.</summary>
    public long? Length =>
        !IsChunked && long.TryParse(First("Content-Length"), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? length
            : null;

    /// <summary>The type without parameters, in capitals. Empty if there is none.</summary>
    public string MediaType => (First("Content-Type") ?? "").Split(';', ',')[0].Trim().ToUpperInvariant();

    private bool IsChunked => First("Transfer-Encoding")?.Contains("chunked", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>The values of a field.</summary>
    public IReadOnlyList<string> All(string name) => _fields.TryGetValue(name, out var values) ? values : [];

    public string? First(string name) => _fields.TryGetValue(name, out var values) ? values[0] : null;

    /// <summary>Reads the head if it is complete.</summary>
    /// <param name="bytes">What has arrived so far.</param>
    /// <param name="rest">What is still to arrive.</param>
    /// <returns>Null if the head is not complete yet.</returns>
    /// <exception cref="CameraException">This is neither HTTP nor a picture.</exception>
    public static CameraResponse? TryRead(ReadOnlyMemory<byte> bytes, Stream rest)
    {
        var data = bytes.Span;
        var start = data.IndexOfAnyExcept("\r\n \t"u8);
        if (start < 0 || data.Length - start < 4)
            return null;
        data = data[start..];
        if (data.StartsWith(JpegParser.Start) || data.StartsWith("--"u8))
            return new CameraResponse(200, []) { Body = new CameraBody(bytes[start..], rest, isChunked: false, null) };
        var end = EndOfHead(data);
        // The blank line is missing
        if (data.IndexOf(JpegParser.Start) is >= 0 and var picture && (end < 0 || picture < end))
            end = picture;
        if (end < 0)
            return StatusOf(data) is not null || data.IndexOf((byte)'\n') < 0
                ? null
                : throw new CameraException(CameraFaults.NotUnderstood);
        var lines = Encoding.Latin1.GetString(data[..end]).Split('\n');
        var status = StatusOf(data) ?? throw new CameraException(CameraFaults.NotUnderstood);
        // An interim response precedes the real one (RFC 9110, 15.2)
        if (status is >= 100 and < 200)
            return TryRead(bytes[(start + end)..], rest);
        var response = new CameraResponse(status, lines.Skip(1));
        response.Body = new CameraBody(bytes[(start + end)..], rest, response.IsChunked, response.Length);
        return response;
    }

    /// <summary>The length of the head with the blank line that ends it; -1 if that has not arrived.</summary>
    private static int EndOfHead(ReadOnlySpan<byte> data)
    {
        for (var at = 0; data[at..].IndexOf((byte)'\n') is >= 0 and var next;)
        {
            at += next + 1;
            var line = data[at..].TrimStart((byte)'\r');
            if (line.StartsWith("\n"u8))
                return data.Length - line.Length + 1;
        }
        return -1;
    }

    /// <summary>The status of a line such as "HTTP/1.1 200 OK" or "ICY 200 OK"; null if the line is something else.</summary>
    private static int? StatusOf(ReadOnlySpan<byte> head)
    {
        var end = head.IndexOf((byte)'\n');
        var line = Encoding.Latin1.GetString(end < 0 ? head : head[..end]);
        var parts = line.Split(Blank, StringSplitOptions.RemoveEmptyEntries);
        var isHttp = line.StartsWith("HTTP", StringComparison.OrdinalIgnoreCase)
            || line.StartsWith("ICY", StringComparison.OrdinalIgnoreCase);
        return isHttp && parts.Length > 1 && parts[1].Length >= 3 && !char.IsAsciiDigit(parts[1].ElementAtOrDefault(3))
            && int.TryParse(parts[1][..3], NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            ? status
            : null;
    }
}

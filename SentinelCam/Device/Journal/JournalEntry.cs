using System.Globalization;
using System.Text;
using System.Text.Json;

namespace SentinelCam.Device;

/// <summary>
/// An entry of the system's journal. All but the message comes from the journal itself, which asks the kernel: whoever wrote the
/// message cannot choose it.
/// </summary>
/// <param name="Cursor">The journal's name for the entry, unique.</param>
/// <param name="At">When it was written.</param>
/// <param name="Message">The message, which may hold anything.</param>
/// <param name="UserId">The user whose process wrote it.</param>
/// <param name="Program">The path of the process's program; empty if the process was gone too soon.</param>
/// <param name="Session">The id of the process's session; empty if there is none.</param>
internal sealed record JournalEntry(
    string Cursor, DateTimeOffset At, string Message, uint UserId, string Program, string Session)
{
    /// <summary>The fields that are asked for. The journal adds cursor and time.</summary>
    public const string Fields = "MESSAGE,_TRANSPORT,_UID,_EXE,_SYSTEMD_SESSION,_SOURCE_REALTIME_TIMESTAMP";

    /// <summary>Reads a line of <c>journalctl -o json</c>.</summary>
    /// <returns>Null if it is no entry, or not one of a program that logs through <c>syslog</c>, as PAM does.</returns>
    public static JournalEntry? Parse(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var entry = json.RootElement;
            if (entry.ValueKind is not JsonValueKind.Object || Text(entry, "_TRANSPORT") != "syslog"
                || Text(entry, "__CURSOR") is not { Length: > 0 } cursor || Text(entry, "MESSAGE") is not { } message
                || !uint.TryParse(Text(entry, "_UID"), NumberStyles.None, CultureInfo.InvariantCulture, out var user)
                || Time(entry, "__REALTIME_TIMESTAMP") is not { } received)
                return null;
            // The journal may receive a message late
            var at = Time(entry, "_SOURCE_REALTIME_TIMESTAMP") is { } written && written < received ? written : received;
            return new(cursor, at, message, user, ProgramPath(Text(entry, "_EXE")), Text(entry, "_SYSTEMD_SESSION") ?? "");
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The path of a program, which Linux marks if the file was replaced by an update.</summary>
    private static string ProgramPath(string? path)
    {
        const string Replaced = " (deleted)";
        if (path is null)
            return "";
        return path.EndsWith(Replaced, StringComparison.Ordinal) ? path[..^Replaced.Length] : path;
    }

    /// <summary>A field, which is an array of bytes if it holds control characters. Null if it is absent or too long.</summary>
    private static string? Text(JsonElement entry, string name)
    {
        if (!entry.TryGetProperty(name, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.String)
            return value.GetString();
        if (value.ValueKind is not JsonValueKind.Array)
            return null;
        var bytes = new List<byte>();
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind is not JsonValueKind.Number || !item.TryGetByte(out var part))
                return null;
            bytes.Add(part);
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static DateTimeOffset? Time(JsonElement entry, string name) =>
        long.TryParse(Text(entry, name), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds)
        && microseconds < DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() * 1000
            ? DateTimeOffset.UnixEpoch.AddMicroseconds(microseconds)
            : null;
}

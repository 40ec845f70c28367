using System.Runtime.Versioning;
using System.Text;
using SentinelCam.Data;

namespace SentinelCam.Device;

/// <summary>A file of the spool: an event, or the reason why it is not believed.</summary>
/// <param name="Event">The event; null if it is refused.</param>
/// <param name="Refusal">Why it is refused; null if it is believed.</param>
internal sealed record SpoolFile(DeviceEvent? Event, string? Refusal)
{
    /// <summary>The maximum size of a file in bytes. The helper's are smaller than 2 KB.</summary>
    public const int MaxBytes = 4096;

    private const uint Root = 0;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);

    /// <summary>
    /// Reads a file that anybody may have put there. Root's files are believed. Others' are believed only from a screen lock,
    /// which runs as the user, and only about that user.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It cannot be read, as a file that was removed meanwhile.</exception>
    [SupportedOSPlatform("linux")]
    public static SpoolFile Read(string path)
    {
        var (handle, status) = FileStatus.Open(path);
        using var opened = handle;
        if (!status.IsRegular)
            return Refused("not a plain file");
        if (status.Links > 1)
            return Refused("a file with another name");
        if (status.Size > MaxBytes)
            return Refused("too large");
        var bytes = new byte[MaxBytes + 1];
        var length = RandomAccess.Read(handle, bytes, 0);
        if (length > MaxBytes)
            return Refused("too large");
        // With the owner, because users choose names and times of their files
        var key = $"spool:{status.OwnerId}:{Path.GetFileName(path)}:{status.ChangedNanoseconds}";
        if (Parse(Utf8.GetString(bytes, 0, length), key, status.ChangedAt) is not { } happened)
            return Refused("malformed");
        if (status.OwnerId == Root)
            return new SpoolFile(happened, null);
        if (!DeviceServices.RunsAsUser(happened.Service))
            return Refused("not from root, and not from a screen lock");
        if (happened.User.Length == 0 || OsUser.FindFast(happened.User)?.Id != status.OwnerId)
            return Refused("a screen lock's, about another user than its owner");
        // A user could blame another one
        return new SpoolFile(happened with { Caller = "", RemoteHost = "", Session = "" }, null);
    }

    private static SpoolFile Refused(string reason) => new(null, reason);

    /// <summary>Parses the nine fields of version 1, each of which ends with a null character.</summary>
    private static DeviceEvent? Parse(string text, string key, DateTimeOffset at) =>
        text.Split('\0') is ["1", "failed" or "accepted", { Length: > 0 }, _, _, _, _, _, "end", ""] fields
            ? new DeviceEvent
            {
                Key = key,
                At = at,
                IsAccepted = fields[1] == "accepted",
                Service = fields[2],
                User = fields[3],
                Caller = fields[4],
                RemoteHost = fields[5],
                Terminal = fields[6],
                Session = fields[7],
            }
            : null;
}

using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace SentinelCam.Device;

/// <summary>Reads and sets the owner of a file, which .NET cannot do. Does not follow a symbolic link.</summary>
[SupportedOSPlatform("linux")]
internal static partial class FileOwner
{
    /// <summary>The number of the user who owns the file.</summary>
    /// <exception cref="IOException">There is no such file, or it cannot be looked at.</exception>
    public static uint Of(string path) => FileStatus.Of(path).OwnerId;

    /// <summary>Gives the file to a user and the user's main group.</summary>
    /// <exception cref="IOException">It is not permitted.</exception>
    public static void Change(string path, OsUser user)
    {
        if (Lchown(path, user.Id, user.GroupId) != 0)
            throw new IOException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Lchown(string path, uint user, uint group);
}

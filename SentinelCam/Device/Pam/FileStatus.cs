using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace SentinelCam.Device;

/// <summary>What the file system says about a file, of which .NET tells only a part. Does not follow a symbolic link.</summary>
/// <param name="OwnerId">The number of the user who owns it.</param>
/// <param name="IsRegular">Whether it is a plain file, and no directory, link, pipe or device.</param>
/// <param name="Links">The number of its names.</param>
/// <param name="Size">In bytes.</param>
/// <param name="ChangedAt">When its content was last changed.</param>
/// <param name="ChangedNanoseconds">The same in nanoseconds since 1970.</param>
[SupportedOSPlatform("linux")]
internal sealed partial record FileStatus(
    uint OwnerId, bool IsRegular, uint Links, ulong Size, DateTimeOffset ChangedAt, long ChangedNanoseconds)
{
    private const int RelativeToWorkingDirectory = -100;
    private const int NoFollow = 0x100;
    private const int EmptyPath = 0x1000;
    private const uint BasicFields = 0x7ff;

    private const int ReadOnly = 0, NonBlocking = 0x800, CloseOnExec = 0x80000;

    /// <exception cref="IOException">There is no such file, or it cannot be looked at.</exception>
    public static FileStatus Of(string path)
    {
        var status = new byte[256];
        return Statx(RelativeToWorkingDirectory, path, NoFollow, BasicFields, status) == 0 ? Parse(status) : throw Failure(path);
    }

    /// <summary>Opens a file that anybody may have put there: follows no link, and waits for no pipe.</summary>
    /// <exception cref="IOException">It is a symbolic link, or cannot be opened.</exception>
    public static (SafeFileHandle Handle, FileStatus Status) Open(string path)
    {
        // O_NOFOLLOW has another value on ARM
        var noFollow = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000;
        var descriptor = OpenFile(path, ReadOnly | NonBlocking | CloseOnExec | noFollow);
        if (descriptor < 0)
            throw Failure(path);
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        var status = new byte[256];
        if (Statx(descriptor, "", EmptyPath, BasicFields, status) == 0)
            return (handle, Parse(status));
        handle.Dispose();
        throw Failure(path);
    }

    // struct statx has the same layout on every processor
    private static FileStatus Parse(byte[] status)
    {
        const int TypeMask = 0xF000, Regular = 0x8000;
        var (seconds, nanoseconds) = (BitConverter.ToInt64(status, 112), BitConverter.ToUInt32(status, 120));
        // Its owner can choose it, and no entry of the log is older than 1970
        seconds = Math.Clamp(seconds, 0, 9_000_000_000);
        return new(
            OwnerId: BitConverter.ToUInt32(status, 20),
            IsRegular: (BitConverter.ToUInt16(status, 28) & TypeMask) == Regular,
            Links: BitConverter.ToUInt32(status, 16),
            Size: BitConverter.ToUInt64(status, 40),
            ChangedAt: DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanoseconds / 100),
            ChangedNanoseconds: seconds * 1_000_000_000 + nanoseconds);
    }

    private static IOException Failure(string path) => new($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Statx(int directory, string path, int flags, uint mask, [Out] byte[] status);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenFile(string path, int flags);
}

using System.Runtime.InteropServices;

namespace SentinelCam.Configuration;

/// <summary>Files for this user only that are wholly there after a power cut, or not at all.</summary>
internal static partial class DurableFile
{
    /// <summary>Ends the name of a file that is being written, or that a crash left unfinished.</summary>
    public const string HalfExtension = ".half";

    /// <summary>Writes to a temporary name, flushes to disk, renames, and flushes the new directory entry. Replaces a file of that name.</summary>
    /// <exception cref="IOException">The disk is full or cannot be written; nothing is left behind.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        WriteAndRename(path, bytes, flush: true);
        FlushDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>The same without the flushes, for what can be done without: after a power cut it may be absent or empty.</summary>
    /// <exception cref="IOException">The disk is full or cannot be written; nothing is left behind.</exception>
    public static void WriteLoosely(string path, ReadOnlySpan<byte> bytes) => WriteAndRename(path, bytes, flush: false);

    private static void WriteAndRename(string path, ReadOnlySpan<byte> bytes, bool flush)
    {
        CreateDirectory(Path.GetDirectoryName(path)!);
        var half = $"{path}.{Guid.NewGuid():N}{HalfExtension}";
        var settings = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            settings.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using (var file = new FileStream(half, settings))
            {
                file.Write(bytes);
                if (flush)
                    file.Flush(flushToDisk: true);
            }

            File.Move(half, path, overwrite: true);
        }
        catch
        {
            File.Delete(half);
            throw;
        }
    }

    /// <summary>A new directory is an entry of its parent, which has to reach the disk as well.</summary>
    private static void CreateDirectory(string directory)
    {
        if (Directory.Exists(directory))
            return;
        var parent = Path.GetDirectoryName(directory)!;
        CreateDirectory(parent);
        DataDirectory.CreatePrivate(directory);
        FlushDirectory(parent);
    }

    /// <summary>.NET opens no directories, so the C library is asked. A file system that cannot flush one does its best.</summary>
    private static void FlushDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
            return;
        var handle = Open(directory, 0);
        if (handle < 0)
            return;
        _ = Fsync(handle);
        _ = Close(handle);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Fsync(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}

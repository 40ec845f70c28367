using System.Runtime.InteropServices;

namespace SentinelCam.Snapshots;

/// <summary>Files that are wholly there after a power cut, or not at all.</summary>
internal static partial class DurableFile
{
    /// <summary>Ends the name of a file that is being written, or that a crash left unfinished.</summary>
    public const string HalfExtension = ".half";

    /// <summary>Writes to a temporary name, flushes to disk, renames, and flushes the new directory entry.</summary>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        var directory = Path.GetDirectoryName(path)!;
        CreateDirectory(directory);
        var half = path + HalfExtension;
        try
        {
            using (var file = new FileStream(half, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(half, path, overwrite: true);
        }
        catch
        {
            File.Delete(half);
            throw;
        }

        FlushDirectory(directory);
    }

    /// <summary>A new directory is an entry of its parent, which has to reach the disk as well.</summary>
    private static void CreateDirectory(string directory)
    {
        if (Directory.Exists(directory))
            return;
        var parent = Path.GetDirectoryName(directory)!;
        CreateDirectory(parent);
        Directory.CreateDirectory(directory);
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

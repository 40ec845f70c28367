using System.Runtime.InteropServices;

namespace SentinelCam.Configuration;

/// <summary>Writes private files atomically: after a power cut, a file is complete or absent.</summary>
internal static partial class DurableFile
{
    /// <summary>The extension of a file that is being written, or that a crash left unfinished.</summary>
    public const string UnfinishedExtension = ".half";

    /// <summary>
    /// Writes to a temporary name, flushes to disk, renames, and flushes the new directory entry. Replaces an existing file.
    /// </summary>
    /// <exception cref="IOException">The disk is full or cannot be written; nothing is left behind.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        WriteAndRename(path, bytes, flush: true);
        FlushDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Does the same without flushing, for dispensable files: after a power cut they may be absent or empty.</summary>
    /// <exception cref="IOException">The disk is full or cannot be written; nothing is left behind.</exception>
    public static void WriteUnflushed(string path, ReadOnlySpan<byte> bytes) => WriteAndRename(path, bytes, flush: false);

    private static void WriteAndRename(string path, ReadOnlySpan<byte> bytes, bool flush)
    {
        CreateDirectory(Path.GetDirectoryName(path)!);
        var unfinished = $"{path}.{Guid.NewGuid():N}{UnfinishedExtension}";
        try
        {
            using (var file = CreatePrivate(unfinished))
            {
                file.Write(bytes);
                if (flush)
                    file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    /// <summary>Flushes the parent of each new directory too, because it holds the directory's entry.</summary>
    private static void CreateDirectory(string directory)
    {
        if (Directory.Exists(directory))
            return;
        var parent = Path.GetDirectoryName(directory)!;
        CreateDirectory(parent);
        DataDirectory.CreatePrivate(directory);
        FlushDirectory(parent);
    }

    /// <summary>Calls the C library, because .NET cannot open directories. Ignores file systems that cannot flush one.</summary>
    public static void FlushDirectory(string directory) => Flush(directory, Fsync);

    /// <summary>Flushes everything that was written to the directory's file system, which is faster than file by file.</summary>
    public static void FlushFileSystem(string directory) => Flush(directory, OperatingSystem.IsLinux() ? Syncfs : Fsync);

    /// <summary>Creates a file that only this user can read.</summary>
    /// <exception cref="IOException">The file exists already, or cannot be created.</exception>
    public static FileStream CreatePrivate(string path)
    {
        var settings = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            settings.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, settings);
    }

    private static void Flush(string directory, Func<int, int> flush)
    {
        if (OperatingSystem.IsWindows())
            return;
        var handle = Open(directory, 0);
        if (handle < 0)
            return;
        _ = flush(handle);
        _ = Close(handle);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Fsync(int handle);

    [LibraryImport("libc", EntryPoint = "syncfs")]
    private static partial int Syncfs(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}

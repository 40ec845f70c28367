using System.Text;
using SentinelCam.Configuration;

namespace SentinelCam.Device;

/// <summary>
/// Remembers how far a source has been read, in a small file of the data directory. An event that is read twice is recorded once,
/// so the file need not be flushed to disk.
/// </summary>
internal sealed class SourcePosition(DataDirectory data, string name)
{
    private readonly string _path = Path.Combine(data.Root, name);

    /// <summary>The position that was written last; null if there is none.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public string? Read() => File.Exists(_path) && File.ReadAllText(_path).Trim() is { Length: > 0 } position ? position : null;

    /// <summary>Replaces the position.</summary>
    /// <exception cref="IOException">The disk is full or cannot be written.</exception>
    public void Write(string position) => DurableFile.WriteUnflushed(_path, Encoding.UTF8.GetBytes(position));
}

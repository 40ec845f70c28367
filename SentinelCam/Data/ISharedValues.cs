namespace SentinelCam.Data;

/// <summary>
/// A few values that all processes on one database share, and that belong to no account. With SQLite there is one process, which
/// keeps them in memory until it ends.
/// </summary>
public interface ISharedValues
{
    /// <returns>Null if there is none, or if the keys that encrypted it are lost.</returns>
    Task<string?> FindAsync(string name);

    /// <summary>Changes a value while no other process can.</summary>
    /// <param name="name">Which value.</param>
    /// <param name="change">Gets the present value, or null, and returns the next one; null removes it.</param>
    /// <returns>The value as it is now.</returns>
    Task<string?> ChangeAsync(string name, Func<string?, string?> change);
}

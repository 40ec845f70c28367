namespace SentinelCam.Device;

/// <summary>An event of the security log.</summary>
/// <param name="Xml">The event.</param>
/// <param name="Bookmark">Where reading goes on after it.</param>
internal sealed record SecurityLogEntry(string Xml, string Bookmark);

/// <summary>Windows' security log; tests replace it.</summary>
internal interface ISecurityLog
{
    /// <summary>Starts to read.</summary>
    /// <param name="bookmark">Where it goes on; null: with the next event that happens.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The events, as they happen. They end when Windows stops handing them over.</returns>
    /// <exception cref="IOException">The log cannot be read. The message says what to do.</exception>
    IAsyncEnumerable<SecurityLogEntry> Open(string? bookmark, CancellationToken cancellationToken);
}

namespace SentinelCam.Cameras;

/// <summary>
/// Detects the pictures of a snapshot address that are left from its last use. Some cameras fill their buffers and send from
/// them, so the first pictures after a pause may be minutes old.
/// </summary>
internal sealed class ColdSnapshot(TimeProvider time)
{
    /// <summary>As many old pictures as such a camera keeps, so that the one after them is new.</summary>
    private const int MaxBuffers = 4;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private byte[] _last = [];
    private long? _first;
    private int _pictures;

    /// <summary>Whether pictures can be trusted to be new.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Takes the next picture.</summary>
    /// <returns>Whether it may be left from the last use. False after some changes, at the latest after a second.</returns>
    public bool MayBeOld(byte[] jpeg)
    {
        if (IsOver)
            return false;
        if (!_last.AsSpan().SequenceEqual(jpeg))
            _pictures++;
        _last = jpeg;
        _first ??= time.GetTimestamp();
        IsOver = _pictures > MaxBuffers || time.GetElapsedTime(_first.Value) >= Longest;
        return !IsOver;
    }
}

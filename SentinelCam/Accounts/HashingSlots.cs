namespace SentinelCam.Accounts;

/// <summary>
/// Limits how many passwords are hashed at once, so that a flood of guesses leaves one core for pages and jobs. A hash keeps a
/// core busy for a tenth of a second.
/// </summary>
public sealed class HashingSlots : IDisposable
{
    private readonly SemaphoreSlim _slots = new(Math.Max(1, Environment.ProcessorCount - 1));

    /// <summary>Runs a hash as soon as a slot is free.</summary>
    public async Task<T> RunAsync<T>(Func<T> hash)
    {
        ArgumentNullException.ThrowIfNull(hash);
        await _slots.WaitAsync();
        try
        {
            return hash();
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <inheritdoc />
    public void Dispose() => _slots.Dispose();
}

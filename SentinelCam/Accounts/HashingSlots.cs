namespace SentinelCam.Accounts;

/// <summary>
/// Limits how many passwords are hashed at once, so that a flood of guesses leaves a core for pages and jobs. A hash keeps a core
/// busy for a tenth of a second or more. Each network has its own line. Browsers in which the account has signed in before do not
/// wait behind strangers: that last core is theirs.
/// </summary>
public sealed class HashingSlots(TimeProvider time) : IDisposable
{
    /// <summary>The most hashes that wait in one line.</summary>
    public const int MaxWaiting = 40;

    /// <summary>The longest wait for a hash. It is also a fair time to wait before the next try.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly FairTurns _turns = new(Math.Max(1, Environment.ProcessorCount - 1), keptFree: 1, MaxWaiting);

    /// <summary>Runs a hash when its turn comes.</summary>
    /// <param name="line">Where to wait.</param>
    /// <param name="hash">The work. It gets its own thread: the few threads of the pool answer requests.</param>
    /// <returns>False if its turn did not come in time.</returns>
    public async Task<bool> RunAsync(VisitorLine line, Action hash)
    {
        ArgumentNullException.ThrowIfNull(hash);
        using var patience = new CancellationTokenSource(Patience, time);
        using var turn = await _turns.WaitAsync(line, patience.Token);
        if (turn is null)
            return false;
        await Task.Factory.StartNew(hash, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return true;
    }

    /// <inheritdoc />
    public void Dispose() => _turns.Dispose();
}

using SentinelCam.Accounts;

namespace SentinelCam.LoginAttempts;

/// <summary>
/// Lets attempts be recorded one after another. SQLite has one writer anyway, but makes the others wait on a thread each, in no
/// order.
/// </summary>
public sealed class RecordingTurns : IDisposable
{
    private readonly FairTurns _turns = new(forStrangers: 1, keptFree: 0);

    /// <summary>Waits for the turn, which ends when it is disposed of.</summary>
    public async Task<IDisposable> WaitAsync(VisitorLine line) => (await _turns.WaitAsync(line))!;

    /// <inheritdoc />
    public void Dispose() => _turns.Dispose();
}

using System.Globalization;
using SentinelCam.Visitors;

namespace SentinelCam.Accounts;

/// <summary>
/// Gives turns for work that only a few can do at once. Strangers wait in a line for each network, and the lines take turns, so
/// that one network does not delay the others. Places are kept free for visitors who are known.
/// </summary>
/// <remarks>
/// .NET's partitioned rate limiters have lines too, but no place that strangers leave free, and they wake up ten times a second.
/// </remarks>
/// <param name="forStrangers">How many turns strangers can have at once.</param>
/// <param name="keptFree">How many more turns there are, which only known visitors get.</param>
/// <param name="maxWaiting">The longest line. Those who do not fit get no turn.</param>
public sealed class FairTurns(int forStrangers, int keptFree, int maxWaiting = int.MaxValue) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<VisitorLine, Line> _lines = [];
    private readonly SemaphoreSlim _strangers = new(forStrangers);
    private readonly SemaphoreSlim _all = new(forStrangers + keptFree);

    /// <summary>Waits for a turn, which ends when it is disposed of.</summary>
    /// <param name="line">Where to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null if the line is too long, or the wait was ended.</returns>
    public async Task<IDisposable?> WaitAsync(VisitorLine line, CancellationToken cancellationToken = default)
    {
        if (Join(line) is not { } joined)
            return null;
        var turn = new Turn(this, line);
        try
        {
            // The first of each line waits with those of the other lines, in the order of arrival
            foreach (var next in line.IsKnown ? (SemaphoreSlim[])[joined.Head, _all] : [joined.Head, _strangers, _all])
            {
                await next.WaitAsync(cancellationToken);
                turn.Hold(next);
            }

            return turn;
        }
        catch (OperationCanceledException)
        {
            turn.Dispose();
            return null;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _strangers.Dispose();
        _all.Dispose();
    }

    private Line? Join(VisitorLine key)
    {
        lock (_lock)
        {
            if (!_lines.TryGetValue(key, out var line))
                _lines[key] = line = new Line();
            // One of them has its turn
            if (line.Length > maxWaiting)
                return null;
            line.Length++;
            return line;
        }
    }

    private void Leave(VisitorLine key)
    {
        lock (_lock)
        {
            if (--_lines[key].Length == 0)
                _lines.Remove(key);
        }
    }

    private sealed class Line
    {
        public SemaphoreSlim Head { get; } = new(1);

        public int Length { get; set; }
    }

    private sealed class Turn(FairTurns turns, VisitorLine line) : IDisposable
    {
        private readonly Stack<SemaphoreSlim> _held = new();

        public void Hold(SemaphoreSlim semaphore) => _held.Push(semaphore);

        public void Dispose()
        {
            while (_held.TryPop(out var semaphore))
                semaphore.Release();
            turns.Leave(line);
        }
    }
}

/// <summary>The line in which a visitor waits.</summary>
/// <param name="Name">The network; for a known visitor the browser or the session.</param>
/// <param name="IsKnown">Whether the account has signed in in this browser before.</param>
public readonly record struct VisitorLine(string Name, bool IsKnown)
{
    /// <summary>The line of a visitor's network. A customer's whole IPv6 network is one.</summary>
    public static VisitorLine OfStranger(Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        return new VisitorLine(RemoteNetwork.SiteOf(visitor.RemoteAddress), IsKnown: false);
    }

    /// <summary>The line of a browser in which the account has signed in.</summary>
    public static VisitorLine OfBrowser(long id) =>
        new(string.Create(CultureInfo.InvariantCulture, $"browser {id}"), IsKnown: true);

    /// <summary>The line of somebody who is signed in.</summary>
    public static VisitorLine OfSession(LiveSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return new VisitorLine($"session {session.KeyHash}", IsKnown: true);
    }
}

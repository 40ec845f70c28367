using Microsoft.EntityFrameworkCore;
using SentinelCam.Configuration;

namespace SentinelCam.Data;

/// <summary>The nodes: the processes on one PostgreSQL database. On SQLite, this one is the only one.</summary>
/// <param name="self">The name of this one.</param>
/// <param name="mayBeSeveral">Whether others can use the database, now or later.</param>
public sealed class LiveNodes(NodeName self, bool mayBeSeveral = false)
{
    /// <summary>After this time without a heartbeat, a node is dead.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>
    /// While the database was gone, nobody's heart beat. For this time after it came back, no node is believed to be dead.
    /// </summary>
    internal static readonly TimeSpan Recovery = TimeSpan.FromSeconds(15);

    // The machine's own clock, because the others measure with theirs
    private static readonly TimeProvider Time = TimeProvider.System;

    private long? _resumedAt;

    /// <summary>The name of this one.</summary>
    public string Self => self.Value;

    /// <summary>Whether others can use the database, now or later.</summary>
    public bool MayBeSeveral => mayBeSeveral;

    /// <summary>Whether there are other nodes, alive or not, as of the last heartbeat.</summary>
    public bool AreSeveral { get; private set; }

    /// <summary>The names of the others that are alive, as of the last heartbeat.</summary>
    public IReadOnlyCollection<string> Others { get; private set; } = [];

    /// <summary>
    /// By how much this machine's clock is ahead of the database's, negative if it is behind; null if that is not known, as on
    /// SQLite, which has no clock of its own.
    /// </summary>
    public TimeSpan? ClockAhead { get; internal set; }

    /// <summary>What pages and mails call this node; null as long as it is the only one.</summary>
    public string? Device => AreSeveral ? Self : null;

    /// <summary>The <see cref="Trouble.Node"/> of a trouble that is seen here; empty if all nodes have the same.</summary>
    public string WithTrouble(TroubleKind kind) => MayBeSeveral && Trouble.OfOneMachine.Contains(kind) ? Self : "";

    /// <summary>
    /// What pages and mails call the device of an entry: that of its attempt, or the one whose picture was requested. Null as
    /// long as there is only one.
    /// </summary>
    /// <param name="entry">With its attempt.</param>
    public string? DeviceOf(ImageLogEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return entry.LoginAttemptId is not null ? entry.LoginAttempt?.Device : AreSeveral ? entry.Node : null;
    }

    /// <summary>Whether there are other nodes now, alive or not.</summary>
    public Task<bool> AreSeveralAsync(SentinelCamDbContext db, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.Nodes.AnyAsync(n => n.Name != Self, cancellationToken);
    }

    /// <summary>The names of those that are alive: this one, and those with a recent heartbeat by the database's clock.</summary>
    public async Task<IReadOnlyList<string>> NamesAsync(
        SentinelCamDbContext db, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(db);
        var seen = await db.Dialect.ReadNodesSeenAsync(db, RecoveryLeft > TimeSpan.Zero ? null : Limit, cancellationToken);
        return [.. seen.Append(Self).Distinct()];
    }

    /// <summary>How long no node is believed to be dead.</summary>
    internal TimeSpan RecoveryLeft => _resumedAt is { } at ? Recovery - Time.GetElapsedTime(at) : TimeSpan.Zero;

    /// <summary>Notes which other nodes there are.</summary>
    /// <param name="ages">The time since the last heartbeat of each.</param>
    /// <returns>Whether one is alive that was not, or the other way round.</returns>
    internal bool Note(IReadOnlyDictionary<string, TimeSpan> ages)
    {
        AreSeveral = ages.Count > 0;
        var before = Others;
        Others = [.. ages.Where(node => node.Value < Limit || RecoveryLeft > TimeSpan.Zero).Select(node => node.Key)];
        return !before.ToHashSet().SetEquals(Others);
    }

    /// <summary>The database can be reached again, or for the first time.</summary>
    internal void Resume() => _resumedAt = Time.GetTimestamp();
}

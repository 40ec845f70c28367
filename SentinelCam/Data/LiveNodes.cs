using SentinelCam.Configuration;

namespace SentinelCam.Data;

/// <summary>The nodes that are alive: this one, and those whose last heartbeat is recent.</summary>
public sealed class LiveNodes(NodeName self)
{
    /// <summary>After this time without a heartbeat, a node is dead.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Their names, by the database's clock.</summary>
    public async Task<IReadOnlyList<string>> NamesAsync(
        SentinelCamDbContext db, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(db);
        var seen = await db.Dialect.ReadNodesSeenAsync(db, Limit, cancellationToken);
        return [.. seen.Append(self.Value).Distinct()];
    }
}

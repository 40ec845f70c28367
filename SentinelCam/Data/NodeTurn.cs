using System.Data.Common;

namespace SentinelCam.Data;

/// <summary>Lets one node at a time do what each of them could do. If it ends in any way, another takes the turn.</summary>
public abstract class NodeTurn
{
    /// <summary>Where there is one process, which always has the turn.</summary>
    internal static NodeTurn Only { get; } = new OnlyNode();

    /// <summary>Takes the turn if no other node has it.</summary>
    /// <returns>Whether this node has it, as of a few seconds ago.</returns>
    /// <exception cref="DbException">The database cannot be reached.</exception>
    public abstract Task<bool> TryTakeAsync(CancellationToken cancellationToken);

    private sealed class OnlyNode : NodeTurn
    {
        public override Task<bool> TryTakeAsync(CancellationToken cancellationToken) => Task.FromResult(true);
    }
}

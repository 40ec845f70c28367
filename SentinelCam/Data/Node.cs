namespace SentinelCam.Data;

/// <summary>
/// A process among several on one PostgreSQL database, as its last heartbeat described it. On SQLite there is only one process,
/// and no row. All times are of the database's clock.
/// </summary>
public sealed class Node
{
    /// <summary>As in <c>Node:Name</c>.</summary>
    public required string Name { get; set; }

    /// <summary>The last heartbeat.</summary>
    public DateTimeOffset SeenAt { get; set; }

    /// <summary>The first heartbeat of the process.</summary>
    public DateTimeOffset StartedAt { get; set; }

    /// <summary>The version of its SentinelCam.</summary>
    public string Version { get; set; } = "";

    /// <summary>As in <c>Camera:Name</c>.</summary>
    public string Camera { get; set; } = "";

    /// <summary>What its camera does, in words for a table.</summary>
    public string CameraState { get; set; } = "";

    /// <summary>What is wrong with its camera, and the remedy, in sentences; null if nothing is.</summary>
    public string? CameraProblem { get; set; }

    /// <summary>By how many milliseconds its clock is ahead of the database's; negative if behind.</summary>
    public long ClockAheadMs { get; set; }
}

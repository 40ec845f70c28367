namespace SentinelCam.Data;

/// <summary>
/// Something that keeps SentinelCam from working, from when it was first seen until it is over. There is at most one of each
/// kind, and for each node of those that are about a machine.
/// </summary>
public sealed class Trouble
{
    /// <summary>The kinds that each machine sees of itself.</summary>
    public static readonly IReadOnlyList<TroubleKind> OfOneMachine = [TroubleKind.Camera, TroubleKind.Disk, TroubleKind.Clock];

    public TroubleKind Kind { get; set; }

    /// <summary>The node that has it, as pages and mails call it; empty on SQLite, or if all have it.</summary>
    public string Node { get; set; } = "";

    /// <summary>When it was first seen.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>What is wrong and what to do, in sentences.</summary>
    public required string Problem { get; set; }

    /// <summary>When the administrators were told; null as long as it may pass by itself.</summary>
    public DateTimeOffset? ToldAt { get; set; }
}

/// <summary>What does not work.</summary>
public enum TroubleKind
{
    /// <summary>The camera gives no picture, or one that shows nothing.</summary>
    Camera,

    /// <summary>The mail server accepts no mail.</summary>
    Mail,

    /// <summary>Little disk space is free.</summary>
    Disk,

    /// <summary>The clock is wrong by a minute or more.</summary>
    Clock,

    /// <summary>The weekly self-test failed.</summary>
    SelfTest,

    /// <summary>A node does not answer.</summary>
    Node,
}

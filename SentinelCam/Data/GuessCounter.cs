namespace SentinelCam.Data;

/// <summary>A row that counts wrong passwords in a row, and is locked after some of them.</summary>
public interface IGuessCounter
{
    int AccessFailedCount { get; set; }

    /// <summary>When the lock ends; null if there was none.</summary>
    DateTimeOffset? LockoutEnd { get; set; }
}

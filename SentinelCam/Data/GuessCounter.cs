namespace SentinelCam.Data;

/// <summary>A row that counts wrong passwords in a row, and is locked after some of them. Wrong codes count separately.</summary>
public interface IGuessCounter
{
    int AccessFailedCount { get; set; }

    /// <summary>When the lock ends; null if there was none.</summary>
    DateTimeOffset? LockoutEnd { get; set; }

    /// <summary>
    /// Codes of the second factor that were wrong after the right password, since the last right one: only someone who knows the
    /// password can raise it.
    /// </summary>
    int WrongCodes { get; set; }

    /// <summary>When codes are accepted again; null if they were never locked.</summary>
    DateTimeOffset? CodesLockedUntil { get; set; }
}

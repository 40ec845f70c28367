namespace SentinelCam.Backups;

/// <summary>A backup that cannot be written or restored. The message is one line for the operator.</summary>
public sealed class BackupException(string message) : Exception(message);

namespace SentinelCam.Data;

/// <summary>A code that replaces one of the authenticator app, once. It is deleted when it is used.</summary>
public sealed class RecoveryCode
{
    public long Id { get; set; }

    public long AccountId { get; set; }

    /// <summary>The SHA-256 of the code, which is random enough for a fast hash, in hexadecimal.</summary>
    public required string Hash { get; set; }
}

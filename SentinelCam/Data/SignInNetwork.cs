namespace SentinelCam.Data;

/// <summary>A network from which an account has signed in.</summary>
public sealed class SignInNetwork
{
    public long AccountId { get; set; }

    /// <summary>See <c>Visitors.RemoteNetwork</c>.</summary>
    public required string Network { get; set; }

    /// <summary>The last sign-in, to the day.</summary>
    public DateTimeOffset LastAt { get; set; }
}

namespace SentinelCam.Data;

/// <summary>Whom an administrator has told to use a second factor. The table has at most one row.</summary>
public sealed class SecondFactorRule
{
    public long Id { get; set; }

    public SecondFactorDemand Demand { get; set; }
}

/// <summary>Who must have a second factor.</summary>
public enum SecondFactorDemand
{
    Nobody,
    Administrators,
    Everybody,
}

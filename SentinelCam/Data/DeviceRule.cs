namespace SentinelCam.Data;

/// <summary>The account that is alerted to failed log-ins of a user of the device.</summary>
public sealed class DeviceUser
{
    /// <summary>The name of the user on the device, unique.</summary>
    public required string Name { get; set; }

    public long AccountId { get; set; }
}

/// <summary>How failed log-ins through one kind of program are alerted.</summary>
public sealed class DeviceRule
{
    public long Id { get; set; }

    /// <summary>Whose alerts it changes; null: everyone's who has no rule, and those of the administrators.</summary>
    public long? OwnerId { get; set; }

    public DeviceService Service { get; set; }

    /// <summary>The number of the failure in a burst that triggers the first mail, 1 to 10.</summary>
    public int AlertFrom { get; set; }

    /// <summary>Whether log-ins through it are ignored. Only for rules without an owner.</summary>
    public bool IsOff { get; set; }
}

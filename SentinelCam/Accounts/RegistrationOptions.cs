using SentinelCam.Configuration;

namespace SentinelCam.Accounts;

/// <summary>Who may register, from <c>Registration:Mode</c>. The first account always may.</summary>
public sealed record RegistrationOptions(RegistrationMode Mode)
{
    public static RegistrationOptions Read(IConfiguration configuration) =>
        new(Setting.Choice(configuration, "Registration:Mode", RegistrationMode.Approval));
}

public enum RegistrationMode
{
    /// <summary>Everybody, at once.</summary>
    Open,

    /// <summary>Everybody, but an administrator lets each account in.</summary>
    Approval,

    /// <summary>Nobody.</summary>
    Closed,
}

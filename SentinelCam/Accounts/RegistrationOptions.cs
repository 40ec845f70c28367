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
    /// <summary>Anyone can register and is approved at once.</summary>
    Open,

    /// <summary>Anyone can register, and an administrator approves each account.</summary>
    Approval,

    /// <summary>Nobody can register.</summary>
    Closed,
}

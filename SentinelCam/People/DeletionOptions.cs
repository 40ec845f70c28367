using SentinelCam.Configuration;

namespace SentinelCam.People;

/// <summary>What becomes of the attempts of an account that is deleted, from <c>Accounts:OnDeletion</c>.</summary>
public sealed record DeletionOptions(DeletedAttempts Attempts)
{
    public static DeletionOptions Read(IConfiguration configuration) =>
        new(Setting.Choice(configuration, "Accounts:OnDeletion", DeletedAttempts.Anonymize));
}

/// <summary>What becomes of attempts. Neither keeps a name or a picture.</summary>
public enum DeletedAttempts
{
    /// <summary>They are only counted: nobody sees them in a list.</summary>
    Anonymize,

    /// <summary>They become nobody's, and administrators see them in the image log, like those at unknown accounts.</summary>
    Nobody,
}

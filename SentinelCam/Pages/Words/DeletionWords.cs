using SentinelCam.People;

namespace SentinelCam.Pages;

/// <summary>The deletion of an account, in words.</summary>
public static class DeletionWords
{
    /// <summary>Said to the owner afterwards.</summary>
    public const string Own = "Your account was deleted.";

    /// <summary>Said to an administrator if something could not be deleted yet.</summary>
    public const string Begun =
        "The account can no longer be used. Not everything could be deleted yet; the rest follows within the hour. See the log.";

    public const string OtherAddress = "This is not the account's email address, so nothing was deleted. Type it exactly.";

    /// <summary>What becomes of the attempts.</summary>
    public static string Attempts(DeletionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Attempts is DeletedAttempts.Nobody
            ? "Attempts to sign in stay in the administrators' image log, without a name and without pictures."
            : "Attempts to sign in are only counted from then on, without a name.";
    }
}

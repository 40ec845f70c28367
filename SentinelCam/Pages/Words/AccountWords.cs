using SentinelCam.People;

namespace SentinelCam.Pages;

/// <summary>Accounts, in words for administrators.</summary>
public static class AccountWords
{
    public static string Status(AccountOverview account)
    {
        ArgumentNullException.ThrowIfNull(account);
        return account switch
        {
            { IsBeingDeleted: true } => "being deleted",
            { IsAdministrator: true } => "administrator",
            { IsApproved: true, IsConfirmed: false } => "approved, address not confirmed",
            { IsApproved: true } => "approved",
            { IsConfirmed: false } => "address not confirmed",
            { IsRequest: true } => "waiting for approval",
            _ => "suspended",
        };
    }
}

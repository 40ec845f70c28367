using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>
/// Asks the owner of a new account to confirm its address. Until then the account cannot sign in, nothing else is mailed to it,
/// and it expires like a request that nobody answers. So a stranger who registers somebody's address causes one mail.
/// </summary>
public sealed class AddressConfirmation(
    SentinelCamDbContext db, AccountLinks links, DeliveryPlan deliveries, RegistrationOptions options, ActivityLog activity,
    TimeProvider time, ILogger<AddressConfirmation> logger)
{
    /// <summary>Adds the mail and its link to the caller's transaction.</summary>
    /// <param name="account">The new account; null to write a row that stands for nobody's link.</param>
    /// <param name="site">The address of the site, which starts the link.</param>
    public void Ask(Account? account, string site)
    {
        Delivery? mail = null;
        if (account is not null)
        {
            mail = deliveries.AddNotice(MailKind.ConfirmAddress, account.Id, account.Email!);
            mail.SiteAddress = site;
        }

        links.Add(LinkPurpose.ConfirmAddress, account, mail, WaitingRequests.Lifetime);
    }

    /// <summary>Whether a link can be used, and for which account. Changes nothing.</summary>
    public Task<OpenedLink> OpenAsync(string? token) => links.OpenAsync(LinkPurpose.ConfirmAddress, token);

    /// <summary>Confirms the address. In the mode <c>Open</c> the account is then approved.</summary>
    /// <returns>What the link was; valid if the address is confirmed now.</returns>
    public async Task<OpenedLink> ConfirmAsync(string? token)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        var opened = await links.OpenAsync(LinkPurpose.ConfirmAddress, token, isTracked: true);
        if (opened is not { Link: { } link, Account: { } account })
            return opened;
        account.EmailConfirmed = true;
        if (options.Mode is RegistrationMode.Open)
            (account.ApprovedAt, account.RegisteredFrom) = (account.ApprovedAt ?? time.GetUtcNow(), null);
        links.Use(link);
        activity.Add(account.Id, ActivityKind.AddressConfirmed, by: ActivityActor.Visitor);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        logger.LogInformation("Account {AccountId} confirmed its address", account.Id);
        return opened;
    }
}

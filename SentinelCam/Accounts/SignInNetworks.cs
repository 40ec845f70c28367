using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Accounts;

/// <summary>Remembers from which networks each account has signed in, so that its owner need not wait behind strangers.</summary>
public sealed class SignInNetworks(SentinelCamDbContext db, TimeProvider time, ILogger<SignInNetworks> logger)
{
    /// <summary>The most networks that are remembered for an account.</summary>
    public const int MaxPerAccount = 20;

    /// <summary>How long a network is remembered after its last sign-in.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(90);

    /// <summary>A network whose last sign-in is more recent is not written again.</summary>
    private static readonly TimeSpan Precision = TimeSpan.FromDays(1);

    /// <summary>Whether the account has signed in from the visitor's network.</summary>
    public Task<bool> ContainAsync(long accountId, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        var network = RemoteNetwork.Of(visitor.RemoteAddress);
        var since = time.GetUtcNow() - Lifetime;
        return db.SignInNetworks.AnyAsync(n => n.AccountId == accountId && n.Network == network && n.LastAt > since);
    }

    /// <summary>
    /// Remembers a sign-in. If the database cannot be written, the sign-in is still valid: the owner of a full disk must be able
    /// to free space.
    /// </summary>
    public async Task AddAsync(long accountId, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        var network = RemoteNetwork.Of(visitor.RemoteAddress);
        var now = time.GetUtcNow();
        try
        {
            var known = await db.SignInNetworks.AsNoTracking()
                .SingleOrDefaultAsync(n => n.AccountId == accountId && n.Network == network);
            if (known is not null && (now - known.LastAt).Duration() < Precision)
                return;
            var at = now.ToUnixTimeMilliseconds();
            await db.Database.ExecuteSqlAsync($"""
                INSERT INTO SignInNetworks (AccountId, Network, LastAt) VALUES ({accountId}, {network}, {at})
                    ON CONFLICT DO UPDATE SET LastAt = excluded.LastAt
                """);
            if (known is null)
            {
                await db.Database.ExecuteSqlAsync($"""
                    DELETE FROM SignInNetworks WHERE AccountId = {accountId} AND Network NOT IN (
                        SELECT Network FROM SignInNetworks WHERE AccountId = {accountId}
                            ORDER BY LastAt DESC LIMIT {MaxPerAccount})
                    """);
            }
        }
        catch (DbException error)
        {
            logger.LogWarning("The network of a sign-in could not be remembered: {Problem}", error.Message);
        }
    }
}

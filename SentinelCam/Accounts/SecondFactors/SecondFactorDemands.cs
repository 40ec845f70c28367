using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>Who must have a second factor. An administrator decides; nobody must at first.</summary>
public static class SecondFactorDemands
{
    /// <summary>Whom the second factor is demanded of.</summary>
    public static Task<SecondFactorDemand> SecondFactorDemandAsync(this SentinelCamDbContext db)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.SecondFactorRules.Select(r => r.Demand).FirstOrDefaultAsync();
    }

    /// <summary>Stores whom it is demanded of. The caller saves.</summary>
    public static async Task DemandSecondFactorAsync(this SentinelCamDbContext db, SecondFactorDemand demand)
    {
        ArgumentNullException.ThrowIfNull(db);
        var rule = await db.SecondFactorRules.FirstOrDefaultAsync() ?? db.SecondFactorRules.Add(new SecondFactorRule()).Entity;
        rule.Demand = demand;
    }

    /// <summary>The accounts that must have a second factor, and have none.</summary>
    public static IQueryable<Account> LackingSecondFactor(this SentinelCamDbContext db)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.Users.Where(a => !a.TwoFactorEnabled && db.SecondFactorRules.Any(r =>
            r.Demand == SecondFactorDemand.Everybody
            || (r.Demand == SecondFactorDemand.Administrators && db.UserRoles.Any(held => held.UserId == a.Id))));
    }
}

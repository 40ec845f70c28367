using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace SentinelCam.Data;

/// <summary>Values in rows, encrypted: a copy of the table alone reveals nothing.</summary>
internal sealed class ValuesInRows(IServiceScopeFactory scopes, IDataProtectionProvider protection) : ISharedValues
{
    public async Task<string?> FindAsync(string name)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PostgresDbContext>();
        var row = await db.SharedRows.AsNoTracking().SingleOrDefaultAsync(r => r.Name == name);
        return row is null ? null : Reveal(row);
    }

    public async Task<string?> ChangeAsync(string name, Func<string?, string?> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PostgresDbContext>();
        // Transactions run one after another
        await using var transaction = await db.Database.BeginTransactionAsync();
        var row = await db.SharedRows.SingleOrDefaultAsync(r => r.Name == name);
        var before = row is null ? null : Reveal(row);
        var value = change(before);
        if (value is not null && value == before)
            return value;
        if (value is not null)
        {
            row ??= db.Add(new SharedRow { Name = name, ProtectedValue = "" }).Entity;
            row.ProtectedValue = ProtectorOf(name).Protect(value);
        }
        else if (row is not null)
        {
            db.Remove(row);
        }

        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        return value;
    }

    private string? Reveal(SharedRow row)
    {
        try
        {
            return ProtectorOf(row.Name).Unprotect(row.ProtectedValue);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private IDataProtector ProtectorOf(string name) => protection.CreateProtector("SentinelCam.SharedValue", name);
}

using System.Security.Cryptography;
using System.Text;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>
/// Lets anyone who can read the log create the first account, which becomes the administrator, from another machine.
/// With SQLite the code is new at each start; on PostgreSQL all processes have the same one. It is useless once there is an
/// account.
/// </summary>
public sealed class SetupCode(ISharedValues values)
{
    private const string Name = "SetupCode";
    private const string Letters = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";

    /// <summary>Twelve letters and digits in groups of four: 59 bits. Made if there is none.</summary>
    public async Task<string> GetAsync() => (await values.ChangeAsync(Name, code => code ?? New()))!;

    /// <summary>Forgets it.</summary>
    public Task RemoveAsync() => values.ChangeAsync(Name, _ => null);

    public async Task<bool> MatchesAsync(string? typed) =>
        await values.FindAsync(Name) is { } code && CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(code), Encoding.UTF8.GetBytes(typed?.Trim().ToUpperInvariant() ?? ""));

    private static string New() =>
        string.Join('-', RandomNumberGenerator.GetString(Letters, 12).Chunk(4).Select(group => new string(group)));
}

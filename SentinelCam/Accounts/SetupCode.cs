using System.Security.Cryptography;
using System.Text;

namespace SentinelCam.Accounts;

/// <summary>
/// Lets anyone who can read the log create the first account, which becomes the administrator, from another machine.
/// The code is new at each start, and useless once there is an account.
/// </summary>
public sealed class SetupCode
{
    private const string Letters = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";

    /// <summary>Twelve letters and digits in groups of four: 59 bits.</summary>
    public string Value { get; } =
        string.Join('-', RandomNumberGenerator.GetString(Letters, 12).Chunk(4).Select(group => new string(group)));

    public bool Matches(string? typed) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(Value), Encoding.UTF8.GetBytes(typed?.Trim().ToUpperInvariant() ?? ""));
}

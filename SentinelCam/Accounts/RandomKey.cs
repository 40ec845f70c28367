using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace SentinelCam.Accounts;

/// <summary>
/// A random key for a cookie, of which the database has only the hash. It needs no salt: nobody can guess 256 bits.
/// </summary>
internal static class RandomKey
{
    private const int Bytes = 32;

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    public static string HashOf(string key) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}

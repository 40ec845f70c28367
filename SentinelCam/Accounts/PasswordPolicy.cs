using System.IO.Compression;
using System.Text;

namespace SentinelCam.Accounts;

/// <summary>What is thought of a new password.</summary>
/// <param name="Problem">Why it is refused, in words for its owner; null if it is not.</param>
/// <param name="Score">0 (guessed at once) to 4 (not guessed); null if its length is wrong.</param>
public sealed record PasswordOpinion(string? Problem, int? Score);

/// <summary>
/// Judges new passwords, wherever they are set. There are no rules about letters, digits and signs: people meet them with
/// passwords that are easy to guess.
/// </summary>
public static class PasswordPolicy
{
    /// <summary>The least score. Guessing such a password takes years even if its hash was stolen.</summary>
    public const int MinScore = 3;

    /// <summary>The best score.</summary>
    public const int MaxScore = 4;

    private const string Resource = "SentinelCam.Accounts.CommonPasswords.gz";

    private const string Common =
        "This password is on the lists of common passwords, which are tried first. Enter another one.";

    private const string Guessable =
        "This password is easy to guess. Enter a longer or less predictable one, such as four random words. Your name, your "
        + "email address, the name of this site, sequences and repetitions add little.";

    private static readonly Lazy<HashSet<string>> CommonPasswords = new(ReadCommon);

    private static readonly Zxcvbn.Zxcvbn Estimate = new();

    /// <summary>The number of common passwords that are long enough to be refused as such.</summary>
    public static int CommonCount => CommonPasswords.Value.Count;

    /// <summary>Judges a password. Takes about a millisecond, and a tenth of a second for a long one.</summary>
    /// <param name="password">The password, as typed.</param>
    /// <param name="name">Its owner's name, which an attacker tries first.</param>
    /// <param name="email">Its owner's mail address, likewise.</param>
    public static PasswordOpinion Judge(string? password, string? name, string? email)
    {
        // A longer one would take long to judge and to hash
        if (password is not { Length: >= Registration.MinPasswordLength and <= Registration.MaxPasswordLength })
        {
            return new PasswordOpinion(
                $"Enter a password of {Registration.MinPasswordLength} to {Registration.MaxPasswordLength} characters.", null);
        }

        if (CommonPasswords.Value.Contains(password.ToLowerInvariant()))
            return new PasswordOpinion(Common, 0);
        var score = Estimate.EvaluatePassword(password, WordsOf(name, email)).Score;
        return new PasswordOpinion(score < MinScore ? Guessable : null, score);
    }

    /// <summary>The score in words.</summary>
    public static string InWords(int score) => score switch
    {
        0 => "very weak",
        1 => "weak",
        2 => "not strong enough",
        3 => "strong",
        _ => "very strong",
    };

    private static List<string> WordsOf(string? name, string? email)
    {
        string?[] texts = [name, email, email?.Split('@')[0]];
        var parts = texts.OfType<string>()
            .SelectMany(text => text.Split([' ', '@', '.', '-', '_', '+'], StringSplitOptions.RemoveEmptyEntries));
        // Shorter ones are in every password
        return [.. texts.OfType<string>().Concat(parts).Append("sentinelcam").Where(word => word.Length > 2)
            .Select(word => word.ToLowerInvariant()).Distinct()];
    }

    private static HashSet<string> ReadCommon()
    {
        using var packed = typeof(PasswordPolicy).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The resource {Resource} is missing.");
        using var lines = new StreamReader(new GZipStream(packed, CompressionMode.Decompress), Encoding.UTF8);
        var common = new HashSet<string>(StringComparer.Ordinal);
        while (lines.ReadLine() is { } line)
        {
            if (line.Length is >= Registration.MinPasswordLength and <= Registration.MaxPasswordLength)
                common.Add(line.ToLowerInvariant());
        }

        return common;
    }
}

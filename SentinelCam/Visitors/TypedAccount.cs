using System.Text.RegularExpressions;

namespace SentinelCam.Visitors;

/// <summary>What of the text in the account field may be kept: people type passwords there.</summary>
public static partial class TypedAccount
{
    /// <summary>Stands for a text that is not shaped like a mail address. Says nothing of it, not even its length.</summary>
    public const string Mask = "••••••••";

    /// <summary>The longest mail address that SMTP allows, in characters.</summary>
    public const int MaxLength = 254;

    /// <summary>The address, or <see cref="Mask"/> where the text is not shaped like one.</summary>
    public static string ForRecord(string? typed)
    {
        var text = typed?.Trim() ?? "";
        return text.Length <= MaxLength && MailAddress().IsMatch(text) ? text : Mask;
    }

    [GeneratedRegex(@"^[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+\p{L}{2,63}$",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex MailAddress();
}

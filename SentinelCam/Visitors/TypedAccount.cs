using System.Text.RegularExpressions;

namespace SentinelCam.Visitors;

/// <summary>Decides whether text from the account field may be kept, because people type passwords there.</summary>
public static partial class TypedAccount
{
    /// <summary>Replaces text that is not a mail address. Reveals nothing about it, not even its length.</summary>
    public const string Mask = "••••••••";

    /// <summary>The longest mail address that SMTP allows, in characters.</summary>
    public const int MaxLength = 254;

    /// <summary>
    /// How many UTF-8 bytes of an address an attempt keeps. Few are longer, and strangers must not fill the disk.
    /// </summary>
    public const int MaxKeptBytes = 96;

    /// <summary>An address as an attempt keeps it: cut if it is too long.</summary>
    public static string Kept(string address) => VisitorText.CleanToBytes(address, MaxKeptBytes);

    /// <summary>Returns the address, or <see cref="Mask"/> if the text does not look like one.</summary>
    public static string ForRecord(string? typed)
    {
        var text = typed?.Trim() ?? "";
        return text.Length <= MaxLength && MailAddress().IsMatch(text) ? Kept(text) : Mask;
    }

    [GeneratedRegex(
        @"^[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+\p{L}{2,63}$",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex MailAddress();
}

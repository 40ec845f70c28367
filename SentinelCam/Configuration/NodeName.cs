namespace SentinelCam.Configuration;

/// <summary>The name of this process among several on one database, from <c>Node:Name</c>; the host's name by default.</summary>
/// <param name="Value">
/// 1 to 40 lower-case letters, digits and hyphens, so that it also fits into the name of a queue of jobs.
/// </param>
public sealed record NodeName(string Value)
{
    /// <summary>The key of the name.</summary>
    public const string Key = "Node:Name";

    private const int MaxLength = 40;

    /// <exception cref="ConfigurationException">The name has other characters, or is too long.</exception>
    public static NodeName Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (configuration[Key]?.Trim() is not { Length: > 0 } name)
            return new(OfHost(Environment.MachineName));
        return name.Length <= MaxLength && name.All(IsAllowed) ? new(name) : throw new ConfigurationException(
            Key, name, $"1 to {MaxLength} lower-case letters (a to z), digits and hyphens, different on each node.");
    }

    /// <inheritdoc />
    public override string ToString() => Value;

    /// <summary>The host's name without its domain, with hyphens for what a name cannot contain.</summary>
    internal static string OfHost(string host)
    {
        var name = string.Concat(
            host.ToLowerInvariant().TakeWhile(c => c != '.').Take(MaxLength).Select(c => IsAllowed(c) ? c : '-'));
        return name.Length > 0 ? name : "node";
    }

    private static bool IsAllowed(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-';
}

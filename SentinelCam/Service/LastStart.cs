using System.Text.RegularExpressions;

namespace SentinelCam.Service;

/// <summary>What the site's log says about its last start.</summary>
/// <param name="Addresses">Where it listens.</param>
/// <param name="SetupCode">What the first account needs from another machine; null if there was an account.</param>
public sealed partial record LastStart(IReadOnlyList<string> Addresses, string? SetupCode)
{
    /// <summary>Reads the log, from its newest file back to the last start.</summary>
    /// <param name="dataDirectory">The site's data directory.</param>
    /// <returns>Null if the log has no start, or this user cannot read it.</returns>
    public static LastStart? Read(string dataDirectory)
    {
        try
        {
            var files = Directory.GetFiles(Path.Combine(dataDirectory, "logs"), "sentinelcam-*.log");
            List<string> later = [];
            foreach (var file in files.OrderByDescending(File.GetLastWriteTimeUtc))
            {
                var lines = ReadLines(file)
                    .Where(line => Start().IsMatch(line) || Listening().IsMatch(line) || Code().IsMatch(line))
                    .Concat(later).ToList();
                var start = lines.FindLastIndex(line => Start().IsMatch(line));
                if (start >= 0)
                    return Parse(lines[start..]);
                later = lines;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The directory is private to the service's user
        }

        return null;
    }

    private static LastStart Parse(List<string> lines) => new(
        [.. lines.Select(line => Listening().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value)],
        lines.Select(line => Code().Match(line)).LastOrDefault(match => match.Success)?.Groups[1].Value);

    /// <summary>The site goes on writing meanwhile.</summary>
    private static IEnumerable<string> ReadLines(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.ReadLine() is { } line)
            yield return line;
    }

    [GeneratedRegex(@"^\S+ INF SentinelCam ""[^""]*"" starts in ")]
    private static partial Regex Start();

    [GeneratedRegex(@"^\S+ INF Now listening on: ""([^""]+)""$")]
    private static partial Regex Listening();

    [GeneratedRegex(@"^\S+ INF There is no account yet.*use the set-up code ""([A-Z0-9-]+)""$")]
    private static partial Regex Code();
}

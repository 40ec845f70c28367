using System.Globalization;

namespace SentinelCam.Data;

/// <summary>A position in the log, which is ordered by time, then by id.</summary>
/// <param name="At">Milliseconds since 1970.</param>
/// <param name="Id">The entry's id.</param>
public sealed record LogPlace(long At, long Id)
{
    /// <summary>An upper bound of all times.</summary>
    public const long End = 1L << 42;

    public static LogPlace Of(ImageLogEntry entry) => new(entry.At.ToUnixTimeMilliseconds(), entry.Id);

    /// <summary>Parses the format of <see cref="ToString"/>; returns null for any other text.</summary>
    public static LogPlace? Parse(string? text) =>
        text?.Split('_') is [var at, var id]
        && long.TryParse(at, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var time)
        && time is > -End and < End
        && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new LogPlace(time, number) : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At}_{Id}");
}

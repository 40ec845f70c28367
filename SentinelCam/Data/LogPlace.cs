using System.Globalization;

namespace SentinelCam.Data;

/// <summary>A place in the log, whose order is by time and then by id.</summary>
/// <param name="At">Milliseconds since 1970.</param>
/// <param name="Id">The entry's.</param>
public sealed record LogPlace(long At, long Id)
{
    /// <summary>A time after all others.</summary>
    public const long End = 1L << 42;

    public static LogPlace Of(ImageLogEntry entry) => new(entry.At.ToUnixTimeMilliseconds(), entry.Id);

    /// <summary>As <see cref="ToString"/> writes it; null where the text is no place.</summary>
    public static LogPlace? Parse(string? text) =>
        text?.Split('_') is [var at, var id]
        && long.TryParse(at, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var time) && time is > -End and < End
        && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new LogPlace(time, number) : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At}_{Id}");
}

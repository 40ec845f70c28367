using System.Globalization;
using SentinelCam.Cameras;

namespace SentinelCam.Alerts;

/// <summary>Reduces the pictures of a mail until they fit. The originals stay in the image log.</summary>
internal static class MailPictures
{
    /// <summary>
    /// The maximum total size of a mail's pictures in bytes. Each is sent twice, in base64, and the mail stays under a megabyte.
    /// </summary>
    public const int MaxBytes = 260_000;

    /// <summary>The maximum sizes for servers that refuse the mail as too large; finally none.</summary>
    private static readonly int[] SmallerBytes = [60_000, 15_000, 0];

    /// <summary>The maximum widths to try, in pixels.</summary>
    private static readonly int[] Widths = [1280, 960, 800, 640, 480, 320, 240, 160];

    /// <summary>
    /// The maximum sizes in bytes to try for the pictures of a mail, in descending order. Sizes that change nothing are left out.
    /// </summary>
    public static IEnumerable<int> SizesFor(AlertContent content)
    {
        yield return MaxBytes;
        // Smaller mails have no strip
        var size = Math.Min(content.Pictures.Sum(picture => (long)picture.Jpeg.Length), MaxBytes)
            + content.Strip.Sum(frame => (long)frame.Jpeg.Length);
        foreach (var smaller in SmallerBytes.Where(smaller => smaller < size))
            yield return smaller;
    }

    /// <summary>The pictures at the largest width at which all of them fit, or as many as fit at the smallest.</summary>
    /// <param name="pictures">The originals.</param>
    /// <param name="maxBytes">The maximum total size in bytes; 0 for no pictures.</param>
    /// <param name="tryShrink">Reduces a JPEG to a maximum width in pixels; returns null if it cannot.</param>
    /// <returns>The pictures that fit, and how many do not.</returns>
    public static (IReadOnlyList<MailPicture> Pictures, int LeftOut) Fit(
        IReadOnlyList<MailPicture> pictures, int maxBytes, Func<byte[], int, byte[]?> tryShrink)
    {
        if (maxBytes == 0)
            return ([], pictures.Count);
        var fitted = pictures;
        foreach (var width in Widths)
        {
            if (fitted.Sum(picture => (long)picture.Jpeg.Length) <= maxBytes)
                break;
            fitted = [.. pictures.Select(picture => Shrink(picture, width, tryShrink))];
        }

        var room = maxBytes;
        var kept = new List<MailPicture>();
        foreach (var picture in fitted.Where(picture => picture.Jpeg.Length <= room))
        {
            // The condition above is evaluated lazily, with the room that is left
            room -= picture.Jpeg.Length;
            kept.Add(picture);
        }

        return (kept, pictures.Count - kept.Count);
    }

    private static MailPicture Shrink(MailPicture picture, int width, Func<byte[], int, byte[]?> tryShrink)
    {
        if (tryShrink(picture.Jpeg, width) is not { } small
            || small.Length >= picture.Jpeg.Length
            || !JpegParser.TryParse(small, out var parsed))
        {
            return picture;
        }

        return picture with
        {
            Jpeg = small,
            Width = parsed.Width,
            Height = parsed.Height,
            ScaledFrom = string.Create(CultureInfo.InvariantCulture, $"{picture.Width} x {picture.Height}"),
        };
    }
}

using System.Globalization;
using SentinelCam.Cameras;

namespace SentinelCam.Alerts;

/// <summary>Makes a mail's pictures small enough for it. The originals stay in the image log.</summary>
internal static class MailPictures
{
    /// <summary>What all pictures of a mail may take in bytes. Each travels twice, in base64; with the texts that stays under a megabyte.</summary>
    public const int MaxBytes = 260_000;

    /// <summary>Widths in pixels to try, one after another, for all pictures that are wider.</summary>
    private static readonly int[] Widths = [1280, 960, 800, 640, 480, 320, 240, 160];

    /// <summary>The pictures at the largest size at which all fit, and else as many as do.</summary>
    /// <param name="pictures">The originals.</param>
    /// <param name="tryShrink">Makes a JPEG of at most a width; null where that cannot be done.</param>
    /// <returns>The pictures, and how many of them do not fit.</returns>
    public static (IReadOnlyList<MailPicture> Pictures, int LeftOut) Fit(IReadOnlyList<MailPicture> pictures, Func<byte[], int, byte[]?> tryShrink)
    {
        var fitted = pictures;
        foreach (var width in Widths)
        {
            if (fitted.Sum(picture => (long)picture.Jpeg.Length) <= MaxBytes)
                break;
            fitted = [.. pictures.Select(picture => Shrink(picture, width, tryShrink))];
        }

        var room = MaxBytes;
        var kept = new List<MailPicture>();
        foreach (var picture in fitted.Where(picture => picture.Jpeg.Length <= room))
        {
            // The condition above sees the room that is left by then
            room -= picture.Jpeg.Length;
            kept.Add(picture);
        }

        return (kept, pictures.Count - kept.Count);
    }

    private static MailPicture Shrink(MailPicture picture, int width, Func<byte[], int, byte[]?> tryShrink)
    {
        if (tryShrink(picture.Jpeg, width) is not { } small || small.Length >= picture.Jpeg.Length || !JpegParser.TryParse(small, out var parsed))
            return picture;
        return picture with
        {
            Jpeg = small,
            Width = parsed.Width,
            Height = parsed.Height,
            ScaledFrom = string.Create(CultureInfo.InvariantCulture, $"{picture.Width} x {picture.Height}"),
        };
    }
}

using System.Security.Cryptography;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Snapshots;
using SentinelCam.Visitors;

namespace SentinelCam.Forwarding;

/// <summary>The pictures of a report: checked as those of a hostile camera are, then stored like the own ones.</summary>
internal static class ReportedPictures
{
    private const int MaxCameraName = 80;

    /// <returns>The frames, the picture first; null if one of them is not what the report says.</returns>
    public static List<Frame>? Check(ReportedEntry entry)
    {
        List<Frame> frames = [];
        foreach (var picture in entry.Picture is null ? [] : entry.Strip.Prepend(entry.Picture))
        {
            if (!JpegParser.TryParse(picture.Jpeg, out var jpeg) || jpeg.Length != picture.Jpeg.Length
                || !Convert.ToHexStringLower(SHA256.HashData(picture.Jpeg)).Equals(picture.Sha256, StringComparison.Ordinal)
                || picture.Score is { } score && !double.IsFinite(score))
            {
                return null;
            }

            frames.Add(new Frame(picture.Jpeg, jpeg.Width, jpeg.Height, picture.TakenAt.ToUniversalTime(), picture.Quality)
            {
                Score = picture.Score,
            });
        }

        return frames;
    }

    /// <summary>Writes the frames, the picture with its strip.</summary>
    /// <exception cref="IOException">The picture cannot be written; nothing is left behind.</exception>
    public static async Task<Snapshot?> SaveAsync(this IPictureStore store, ReportedEntry entry, List<Frame> frames) =>
        entry.Picture is { } picture
            ? await store.SaveAsync(frames[0], () => frames[1..], VisitorText.Clean(picture.CameraName, MaxCameraName))
            : null;
}

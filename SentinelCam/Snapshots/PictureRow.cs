using System.Globalization;
using System.Security.Cryptography;
using SentinelCam.Cameras;
using SentinelCam.Data;

namespace SentinelCam.Snapshots;

internal static class PictureRow
{
    /// <summary>The row of a new picture, under a random name, not yet added to a context.</summary>
    public static Snapshot Of(Frame frame, string cameraName)
    {
        var (day, random) = (frame.TakenAt.UtcDateTime, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        return new Snapshot
        {
            FileName = string.Create(CultureInfo.InvariantCulture, $"{day:yyyy}/{day:MM}/{day:dd}/{random}.jpg"),
            Width = frame.Width,
            Height = frame.Height,
            Bytes = frame.Jpeg.Length,
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(frame.Jpeg)),
            TakenAt = frame.TakenAt,
            CameraName = cameraName,
            Quality = frame.Quality,
            Score = frame.Score,
        };
    }
}

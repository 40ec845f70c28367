using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using SentinelCam.Cameras;
using SentinelCam.Data;

namespace SentinelCam.Snapshots;

internal static partial class PictureRow
{
    /// <summary>The names of pictures and of their thumbnails. None of them leads out of a folder.</summary>
    public const string Names = @"[0-9]{4}/[0-9]{2}/[0-9]{2}/[0-9a-f]{32}(\.thumb)?\.jpg";

    [GeneratedRegex("^" + Names + @"\z")]
    private static partial Regex Name { get; }

    /// <summary>Whether SentinelCam gives such names. A row of a database from elsewhere can have any other.</summary>
    public static bool IsName(string name) => Name.IsMatch(name);

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

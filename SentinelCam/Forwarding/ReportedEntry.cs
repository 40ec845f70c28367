using System.Text.Json;
using System.Text.Json.Serialization;
using SentinelCam.Data;

namespace SentinelCam.Forwarding;

/// <summary>An entry as a device reports it, in JSON: the body of <c>PUT /api/devices/entries/{id}</c>.</summary>
public sealed record ReportedEntry
{
    /// <summary>The maximum size of the body, in bytes: two of the largest pictures, or one with a long strip.</summary>
    public const int MaxBytes = 48 << 20;

    /// <summary>
    /// On each answer to a report: a version of the entry that the central side has. Without it, the central side has none, and
    /// has told nobody.
    /// </summary>
    public const string VersionHeader = "SentinelCam-Version";

    /// <summary>How many frames of a strip are accepted.</summary>
    public const int MaxStrip = 16;

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(allowIntegerValues: false) },
        RespectNullableAnnotations = true,
        MaxDepth = 8,
    };

    /// <summary>See <see cref="DatabaseEpoch"/>.</summary>
    public required string Epoch { get; init; }

    /// <summary>Which version of the entry this is, starting at 1.</summary>
    public required int Version { get; init; }

    /// <summary>The time by the device's clock.</summary>
    public required DateTimeOffset SentAt { get; init; }

    /// <summary>The owner's mail address; null for an attempt that belongs to no account.</summary>
    public string? Owner { get; init; }

    /// <summary>Whether the device has told the owner itself, because an earlier report was refused.</summary>
    public bool IsTold { get; init; }

    /// <summary>The time of the attempt, by the device's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>See <see cref="ImageLogEntry.ClockErrorSeconds"/>.</summary>
    public long? ClockErrorSeconds { get; init; }

    public required LoginOutcome Outcome { get; init; }

    public required AttemptOrigin Origin { get; init; }

    public required string AccountTyped { get; init; }

    public required string RemoteAddress { get; init; }

    public required string UserAgent { get; init; }

    public string? Service { get; init; }

    public string? Caller { get; init; }

    public bool IsNewBrowser { get; init; }

    /// <summary>See <see cref="LoginAttempt.Count"/>.</summary>
    public int Count { get; init; } = 1;

    public DateTimeOffset? LastAt { get; init; }

    /// <summary>Whether the camera is still being asked.</summary>
    public bool IsPictureToCome { get; init; }

    /// <summary>Why there is no picture, in words for the owner.</summary>
    public string? PictureProblem { get; init; }

    public ReportedPicture? Picture { get; init; }

    /// <summary>The frames shortly before and after the picture.</summary>
    public IReadOnlyList<ReportedPicture> Strip { get; init; } = [];
}

/// <summary>A picture of a <see cref="ReportedEntry"/>.</summary>
public sealed record ReportedPicture
{
    public required byte[] Jpeg { get; init; }

    /// <summary>The SHA-256 hash of <see cref="Jpeg"/>, in lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>By the device's clock.</summary>
    public required DateTimeOffset TakenAt { get; init; }

    public required string CameraName { get; init; }

    public required FrameQuality Quality { get; init; }

    public double? Score { get; init; }
}

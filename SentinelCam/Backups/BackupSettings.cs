using System.Text.Json;
using SentinelCam.Cameras;

namespace SentinelCam.Backups;

/// <summary>The configuration as a backup keeps it.</summary>
internal static class BackupSettings
{
    /// <summary>Listed one by one, so that a new key or a foreign variable cannot put a secret into backups.</summary>
    private static readonly string[] Kept =
    [
        "Urls", "AllowedHosts", "Site:PublicUrl", "Site:Proxies", "Camera:Source", "Camera:Name", "Camera:Warm",
        "Camera:IdleClose", "Camera:RtspTransport", "Camera:Memory", "Capture:Frames", "Device:Source", "Device:WarmWhileLocked",
        "Device:PhotographRemote", "Device:Spool", "Forward:Url", "Node:Name", "Smtp:Host",
        "Smtp:Port", "Smtp:Security", "Smtp:UserName", "Smtp:From",
        "Smtp:HelloName", "Smtp:OAuth:ClientId", "Smtp:OAuth:TokenEndpoint", "Alerts:QuietPeriod", "Backup:Folder", "Backup:Keep",
        "Accounts:OnDeletion", "Registration:Mode", "Retention:MaxAge", "Retention:MaxBytes", "Retention:Records",
        "Retention:MaxRecords", "Session:Idle", "Session:Absolute", "Watch:Mode", "Watch:Look", "Watch:DarkFor", "Watch:MinFree",
    ];

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>The keys that are set, without secrets, as JSON.</summary>
    public static byte[] ToBytes(IConfiguration configuration) => JsonSerializer.SerializeToUtf8Bytes(
        Kept.Where(key => !string.IsNullOrWhiteSpace(configuration[key])).ToDictionary(
            key => key,
            // The address of a camera can contain its password
            key => key == "Camera:Source" ? RedactedSource.Of(configuration[key]!) : configuration[key]!),
        Json);
}

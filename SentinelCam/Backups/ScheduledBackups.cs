using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using SentinelCam.Configuration;

namespace SentinelCam.Backups;

/// <summary>Writes one backup a day, in UTC, to <c>Backup:Folder</c>, and keeps the newest of them.</summary>
public sealed partial class ScheduledBackups(
    BackupOptions options, DataDirectory data, IConfiguration configuration, TimeProvider time, ILogger<ScheduledBackups> logger)
{
    private readonly Lock _writing = new();

    /// <summary>Why the last backup was not written; null if it was.</summary>
    public string? Problem { get; private set; }

    /// <summary>Writes today's backup unless it exists, then deletes those beyond <c>Backup:Keep</c>.</summary>
    /// <remarks>A folder that is missing is not created: it may be where a disk is to be mounted.</remarks>
    /// <param name="cancellationToken">Ends it; the next call starts over.</param>
    public void WriteIfDue(CancellationToken cancellationToken)
    {
        // A backup can take longer than the hour until the next call
        if (options.Folder is not { } folder || !_writing.TryEnter())
            return;
        try
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"sentinelcam-{time.GetUtcNow():yyyy-MM-dd}.zip");
            var path = Path.Combine(folder, name);
            if (!File.Exists(path))
            {
                DeleteUnfinished(folder);
                var written = new BackupWriter(data, configuration, time).Write(path, cancellationToken);
                logger.LogInformation("Wrote the backup {Path}: {Pictures} pictures, {Bytes} bytes, {Missing} pictures missing",
                    path, written.Pictures, written.Bytes, written.Missing);
            }

            // Only now, so that a disk without space loses no backup. Later dates, from when the clock was ahead, must not push
            // out today's
            foreach (var old in Directory.EnumerateFiles(folder).Where(file => Names.IsMatch(Path.GetFileName(file))
                    && string.CompareOrdinal(Path.GetFileName(file), name) <= 0)
                .OrderDescending(StringComparer.Ordinal).Skip(options.Keep).ToList())
            {
                File.Delete(old);
                logger.LogInformation("Deleted the backup {Path}", old);
            }

            Problem = null;
        }
        catch (Exception error)
            when (error is BackupException or IOException or UnauthorizedAccessException or SqliteException)
        {
            if (Problem != error.Message)
                logger.LogError("Today's backup was not written; the next try is in an hour: {Problem}", error.Message);
            Problem = error.Message;
        }
        finally
        {
            _writing.Exit();
        }
    }

    /// <summary>Deletes what a backup that was killed has left. Another program may be writing the newer ones.</summary>
    private void DeleteUnfinished(string folder)
    {
        var old = time.GetUtcNow().UtcDateTime.AddDays(-1);
        if (!Directory.Exists(folder))
            return;
        foreach (var file in Directory.EnumerateFiles(folder, $"sentinelcam-*.zip.*{DurableFile.UnfinishedExtension}*")
            .Where(file => File.GetLastWriteTimeUtc(file) < old).ToList())
            File.Delete(file);
    }

    [GeneratedRegex(@"^sentinelcam-[0-9]{4}-[0-9]{2}-[0-9]{2}\.zip\z")]
    private static partial Regex Names { get; }
}

using System.Globalization;
using System.IO.Compression;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Snapshots;

namespace SentinelCam.ImageLog;

/// <summary>The log as a ZIP file: the pictures and <c>image-log.csv</c>, written to the response as it is read.</summary>
public sealed class ImageLogExport(ImageLogQuery query, SnapshotStore store)
{
    public async Task WriteAsync(Viewer viewer, ImageLogFilter filter, Stream output, CancellationToken cancellationToken)
    {
        await using var zip = await ZipArchive.CreateAsync(output, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken);
        var lines = new List<string> { "id,time (UTC),trigger,account,remote address,user agent,outcome,picture,taken (UTC),sha256,problem,strip" };
        var entries = filter.Apply(query.VisibleTo(viewer)).OrderByDescending(e => e.Id).Include(e => e.LoginAttempt).Include(e => e.Snapshot!.Strip);
        await foreach (var entry in entries.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            var picture = await AddPictureAsync(zip, entry, entry.Snapshot, "yyyyMMdd-HHmmss", cancellationToken);
            var strip = new List<string>();
            foreach (var frame in entry.Snapshot is { Strip: var frames } ? frames.OrderBy(frame => frame.TakenAt).ToList() : [])
                if (await AddPictureAsync(zip, entry, frame, "yyyyMMdd-HHmmss-fff", cancellationToken) is { } name)
                    strip.Add(name);
            lines.Add(string.Join(',', new[]
            {
                entry.Id.ToString(CultureInfo.InvariantCulture), Time(entry.At), entry.Trigger.ToString(),
                entry.LoginAttempt?.AccountTyped, entry.LoginAttempt?.RemoteAddress, entry.LoginAttempt?.UserAgent, entry.LoginAttempt?.Outcome.ToString(),
                picture, Time(entry.Snapshot?.TakenAt), entry.Snapshot?.Sha256, entry.CaptureProblem, string.Join(' ', strip),
            }.Select(Cell)));
        }

        await using var table = new StreamWriter(await zip.CreateEntry("image-log.csv").OpenAsync(cancellationToken));
        foreach (var line in lines)
            await table.WriteAsync(line + "\r\n");
    }

    /// <returns>The picture's name in the archive; null where there is none.</returns>
    private async Task<string?> AddPictureAsync(ZipArchive zip, ImageLogEntry entry, Snapshot? snapshot, string timeFormat, CancellationToken cancellationToken)
    {
        if (snapshot is null || !File.Exists(store.PathOf(snapshot.FileName)))
            return null;
        var name = $"{entry.Id}-{snapshot.TakenAt.UtcDateTime.ToString(timeFormat, CultureInfo.InvariantCulture)}.jpg";
        // JPEG does not get smaller
        await using var target = await zip.CreateEntry(name, CompressionLevel.NoCompression).OpenAsync(cancellationToken);
        await using var source = File.OpenRead(store.PathOf(snapshot.FileName));
        await source.CopyToAsync(target, cancellationToken);
        return name;
    }

    private static string Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture) ?? "";

    /// <summary>Quoted, and with a leading apostrophe where a spreadsheet would take a visitor's text for a formula.</summary>
    private static string Cell(string? text)
    {
        text ??= "";
        if (text.Length > 0 && text[0] is ('=' or '+' or '-' or '@'))
            text = "'" + text;
        return $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}

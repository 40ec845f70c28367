using System.Globalization;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Snapshots;
using SentinelCam.Visitors;

namespace SentinelCam.ImageLog;

/// <summary>
/// Exports the log as a ZIP file, streamed as it is read: <c>image-log.csv</c>, <c>image-log.json</c> and the pictures.
/// Each part reads the entries a page at a time, so that neither memory nor the length of a read grows with their number.
/// </summary>
public sealed class ImageLogExport(
    SentinelCamDbContext db, ImageLogQuery query, AlertQuery alerts, IPictureStore store, LiveNodes nodes,
    ActivityLog activity)
{
    private const int PageSize = 200;

    private static readonly JsonWriterOptions Json = new() { Indented = true, Encoder = JavaScriptEncoder.Default };

    /// <param name="selection">What to export.</param>
    /// <param name="output">Need not be readable or seekable.</param>
    /// <param name="cancellationToken">Ends the export if the visitor disconnects.</param>
    public async Task WriteAsync(ExportSelection selection, Stream output, CancellationToken cancellationToken)
    {
        activity.Add(selection.Viewer.Id, ActivityKind.LogExported, by: ActivityActor.Owner, alertId: selection.AlertId);
        await db.SaveChangesAsync(cancellationToken);
        await using var zip = await ZipArchive.CreateAsync(
            output, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken);
        await WriteAsync(selection, zip, cancellationToken);
    }

    /// <summary>The same as a part of an archive that has other files, too.</summary>
    public async Task WriteAsync(ExportSelection selection, ZipArchive zip, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        ArgumentNullException.ThrowIfNull(zip);
        await WriteTableAsync(zip, selection, cancellationToken);
        await WriteJsonAsync(zip, selection, cancellationToken);
        await foreach (var item in ItemsAsync(selection, cancellationToken))
            foreach (var picture in item.Pictures)
                await AddPictureAsync(zip, item, picture, cancellationToken);
    }

    private async Task WriteTableAsync(ZipArchive zip, ExportSelection selection, CancellationToken cancellationToken)
    {
        // Without a byte order mark, spreadsheets assume a legacy code page
        var encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: true);
        await using var table = new StreamWriter(await zip.CreateEntry("image-log.csv").OpenAsync(cancellationToken), encoding);
        await table.WriteAsync(
            "id,time (UTC),trigger,account,remote address,user agent,outcome,mail,picture,taken (UTC),sha256,problem,"
            + "attempts,origin,service,caller,alert,answer,answered (UTC),answered through,device\r\n");
        await foreach (var item in ItemsAsync(selection, cancellationToken))
        {
            var (entry, attempt, alert) = (item.Entry, item.Entry.LoginAttempt, item.Alert);
            // An entry without a picture has a line too
            await foreach (var picture in StoredOf(item).DefaultIfEmpty().WithCancellation(cancellationToken))
                await table.WriteAsync(string.Join(',', new[]
                {
                    entry.Id.ToString(CultureInfo.InvariantCulture), Time(entry.At), entry.Trigger.ToString(),
                    attempt?.AccountTyped, attempt?.RemoteAddress, attempt?.UserAgent, attempt?.Outcome.ToString(),
                    entry.MailState?.ToString(),
                    picture is null ? null : NameOf(item, picture), Time(picture?.TakenAt), picture?.Sha256, entry.CaptureProblem,
                    attempt?.Count.ToString(CultureInfo.InvariantCulture), attempt?.Origin.ToString(), attempt?.Service,
                    attempt?.Caller, alert?.Id.ToString(CultureInfo.InvariantCulture), alert?.Answer.ToString(),
                    Time(alert?.AnsweredAt), alert?.AnsweredThrough?.ToString(), nodes.DeviceOf(entry),
                }.Select(VisitorText.CsvField)) + "\r\n");
        }
    }

    private async Task WriteJsonAsync(ZipArchive zip, ExportSelection selection, CancellationToken cancellationToken)
    {
        await using var file = await zip.CreateEntry("image-log.json").OpenAsync(cancellationToken);
        await using var json = new Utf8JsonWriter(file, Json);
        json.WriteStartArray();
        await foreach (var item in ItemsAsync(selection, cancellationToken))
        {
            await WriteAsync(json, item, cancellationToken);
            await json.FlushAsync(cancellationToken);
        }

        json.WriteEndArray();
    }

    private async Task WriteAsync(Utf8JsonWriter json, ImageLogItem item, CancellationToken cancellationToken)
    {
        var (entry, attempt) = (item.Entry, item.Entry.LoginAttempt);
        json.WriteStartObject();
        json.WriteNumber("id", entry.Id);
        json.WriteString("at", entry.At);
        json.WriteString("trigger", entry.Trigger.ToString());
        if (attempt is not null)
        {
            json.WriteString("account", attempt.AccountTyped);
            json.WriteString("remoteAddress", attempt.RemoteAddress);
            json.WriteString("userAgent", attempt.UserAgent);
            json.WriteString("outcome", attempt.Outcome.ToString());
            json.WriteNumber("attempts", attempt.Count);
            json.WriteString("origin", attempt.Origin.ToString());
            json.WriteString("service", attempt.Service);
            json.WriteString("caller", attempt.Caller);
        }

        json.WriteString("device", nodes.DeviceOf(entry));

        if (item.Alert is { } alert)
        {
            json.WriteStartObject("alert");
            json.WriteNumber("id", alert.Id);
            json.WriteString("answer", alert.Answer.ToString());
            if (alert.AnsweredAt is { } answeredAt)
                json.WriteString("answeredAt", answeredAt);
            json.WriteString("answeredThrough", alert.AnsweredThrough?.ToString());
            json.WriteEndObject();
        }

        json.WriteString("problem", entry.CaptureProblem);
        json.WriteStartArray("pictures");
        await foreach (var picture in StoredOf(item).WithCancellation(cancellationToken))
        {
            json.WriteStartObject();
            json.WriteString("file", NameOf(item, picture));
            json.WriteString("takenAt", picture.TakenAt);
            json.WriteString("camera", picture.CameraName);
            json.WriteString("label", item.LabelOf(picture));
            json.WriteString("sha256", picture.Sha256);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("mails");
        foreach (var mail in item.Deliveries)
        {
            json.WriteStartObject();
            json.WriteString("kind", mail.Kind.ToString());
            json.WriteString("recipient", mail.Recipient);
            json.WriteString("state", mail.State.ToString());
            json.WriteNumber("tries", mail.Tries);
            json.WriteString("lastReply", mail.LastReply);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private async Task AddPictureAsync(ZipArchive zip, ImageLogItem item, Snapshot picture, CancellationToken cancellationToken)
    {
        // Deleted since the table was written
        if (await store.OpenAsync(picture, cancellationToken) is not { } stored)
            return;
        await using var _ = stored;
        // JPEG does not compress further
        var zipEntry = zip.CreateEntry(NameOf(item, picture), CompressionLevel.NoCompression);
        await using var target = await zipEntry.OpenAsync(cancellationToken);
        await stored.Jpeg.CopyToAsync(target, cancellationToken);
    }

    private async IAsyncEnumerable<ImageLogItem> ItemsAsync(
        ExportSelection selection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (selection.Ids is { } ids)
        {
            foreach (var batch in ids.Chunk(PageSize))
                foreach (var item in await query.ItemsAsync(selection.Viewer, batch, cancellationToken))
                    yield return item;
            yield break;
        }

        if (selection.AlertId is { } alertId)
        {
            LogPlace? after = null;
            do
            {
                var attempts = await alerts.AttemptsAsync(selection.Viewer, alertId, after, PageSize, cancellationToken);
                foreach (var item in attempts.Items)
                    yield return item;
                after = attempts.Later;
            }
            while (after is not null);
            yield break;
        }

        var before = selection.Before;
        do
        {
            var page = await query.PageAsync(
                selection.Viewer, selection.Filter, before, PageSize, cancellationToken: cancellationToken);
            foreach (var item in page.Items)
                yield return item;
            before = page.Older;
        }
        while (before is not null);
    }

    private IAsyncEnumerable<Snapshot> StoredOf(ImageLogItem item) =>
        item.Pictures.ToAsyncEnumerable().Where(store.ExistsAsync);

    private static string NameOf(ImageLogItem item, Snapshot picture) => string.Create(CultureInfo.InvariantCulture,
        $"{item.Entry.Id}-{picture.TakenAt.UtcDateTime:yyyyMMdd-HHmmss}{(item.Pictures.Count > 1 ? $"-{picture.Id}" : "")}.jpg");

    private static string Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture) ?? "";
}

/// <summary>What to export.</summary>
/// <param name="Viewer">Who exports. Only entries visible to them are included.</param>
/// <param name="Filter">Which entries.</param>
/// <param name="Before">Only entries before this place, so that all parts of the export contain the same entries.</param>
/// <param name="Ids">These entries, regardless of the filter; null: all entries that match it.</param>
/// <param name="AlertId">The entries of this alert, earliest first, regardless of the filter.</param>
public sealed record ExportSelection(
    Viewer Viewer, ImageLogFilter Filter, LogPlace? Before = null, IReadOnlyCollection<long>? Ids = null, long? AlertId = null);

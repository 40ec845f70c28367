using System.Globalization;
using System.Text;
using System.Text.Json;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Accounts;

/// <summary>How activity is exported.</summary>
public enum ActivityFormat
{
    /// <summary>For spreadsheets.</summary>
    Csv,

    /// <summary>One JSON object in each line.</summary>
    JsonLines,
}

/// <summary>Exports activity, streamed as it is read, a page at a time.</summary>
public sealed class ActivityExport(SentinelCamDbContext db, ActivityQuery query, ActivityLog activity)
{
    private const int PageSize = 500;

    private const string Header = "id,time (UTC),account id,account,event,detail,by,actor id,actor,address,browser,alert\r\n";

    /// <summary>Writes the lines that match, the latest first, and notes that the administrator who is signed in did.</summary>
    /// <param name="filter">Which lines.</param>
    /// <param name="format">How.</param>
    /// <param name="output">Need not be readable or seekable.</param>
    /// <param name="cancellationToken">Ends the export if the visitor disconnects.</param>
    public async Task WriteAsync(
        ActivityFilter filter, ActivityFormat format, Stream output, CancellationToken cancellationToken)
    {
        activity.Add(null, ActivityKind.ActivityExported);
        await db.SaveChangesAsync(cancellationToken);
        // Without a byte order mark, spreadsheets assume a legacy code page
        var encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: format is ActivityFormat.Csv);
        await using var text = new StreamWriter(output, encoding, leaveOpen: true);
        if (format is ActivityFormat.Csv)
            await text.WriteAsync(Header);
        var (before, items) = (long.MaxValue, new List<ActivityItem>());
        do
        {
            items = await query.OfAllAsync(filter, before, PageSize, cancellationToken);
            foreach (var item in items)
                await text.WriteAsync(format is ActivityFormat.Csv ? Row(item) : $"{Json(item)}\n");
            await text.FlushAsync(cancellationToken);
            before = items.Count > 0 ? items[^1].Line.Id : 0;
        }
        while (items.Count == PageSize);
    }

    private static string Row(ActivityItem item)
    {
        var line = item.Line;
        return string.Join(',', new[]
        {
            Number(line.Id), line.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture),
            Number(line.AccountId), item.Account, line.Kind.ToString(), line.Detail, line.Actor.ToString(), Number(line.ActorId),
            item.Actor, line.RemoteAddress, line.Browser, Number(line.AlertId),
        }.Select(VisitorText.CsvField)) + "\r\n";
    }

    private static string Json(ActivityItem item)
    {
        var line = item.Line;
        return JsonSerializer.Serialize(new
        {
            id = line.Id,
            at = line.At,
            accountId = line.AccountId,
            account = item.Account,
            @event = line.Kind.ToString(),
            detail = line.Detail,
            by = line.Actor.ToString(),
            actorId = line.ActorId,
            actor = item.Actor,
            address = line.RemoteAddress,
            browser = line.Browser,
            alert = line.AlertId,
        });
    }

    private static string? Number(long? number) => number?.ToString(CultureInfo.InvariantCulture);
}

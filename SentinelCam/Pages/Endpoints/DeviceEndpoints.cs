using System.Globalization;
using System.Text.Json;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.Features;
using SentinelCam.Forwarding;

namespace SentinelCam.Pages;

/// <summary>What devices that are often offline call: to trade a code for a token, and to report their entries.</summary>
public static class DeviceEndpoints
{
    /// <summary>Where a device reports an entry, before its id.</summary>
    public const string Entries = "/api/devices/entries";

    /// <summary>Where a code is traded for a token.</summary>
    public const string Enrol = "/api/devices/enrol";

    private const string Scheme = "Bearer ";

    private const int MaxCodeBytes = 1024;

    public static void MapDevices(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(Enrol, EnrolAsync).AllowAnonymous().RequireRateLimiting(RateLimits.Enrol);
        routes.MapPut(Entries + "/{id:long}", TakeAsync).AllowAnonymous().RequireRateLimiting(RateLimits.Report);
    }

    private static async Task<IResult> EnrolAsync(HttpContext context, DeviceEnrolment enrolment)
    {
        context.Response.Headers.CacheControl = "no-store";
        Limit(context, MaxCodeBytes);
        var (problem, code) = await ReadAsync<EnrolmentCode>(context);
        if (problem is not null)
            return problem;
        return await enrolment.EnrolAsync(code!.Code) is var (name, token)
            ? Results.Json(new { device = name, token })
            : Refuse(StatusCodes.Status401Unauthorized, "The code is wrong, was used, or has expired. Make another one.");
    }

    private static async Task<IResult> TakeAsync(
        HttpContext context, long id, string? epoch, DeviceEnrolment enrolment, EntryReception reception, DeviceLimits limits)
    {
        // Before the body is read: strangers cost a look-up, not memory
        var header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            || await enrolment.FindAsync(header[Scheme.Length..].Trim()) is not { } device)
        {
            return RefuseToken(context);
        }

        // Also a device that was revoked learns what has arrived, since it tells the owner about everything else
        if (await reception.VersionAsync(device.Id, epoch, id) is { } known)
            SayVersion(context, known);
        if (device.RevokedAt is not null)
            return RefuseToken(context);
        using var turn = await limits.WaitAsync(device.Id, context.RequestAborted);
        if (!turn.IsAcquired)
            return Refuse(StatusCodes.Status429TooManyRequests, "This device sends too many reports at once.");
        Limit(context, ReportedEntry.MaxBytes);
        var (problem, entry) = await ReadAsync<ReportedEntry>(context);
        if (problem is not null)
            return problem;
        try
        {
            var outcome = await reception.TakeAsync(device.Id, id, entry!);
            if (outcome is ReportOutcome.Added or ReportOutcome.Updated or ReportOutcome.Known)
                SayVersion(context, entry!.Version);
            return outcome switch
            {
                ReportOutcome.Added => Results.StatusCode(StatusCodes.Status201Created),
                ReportOutcome.Updated or ReportOutcome.Known => Results.Ok(),
                ReportOutcome.Revoked => RefuseToken(context),
                ReportOutcome.NotItsOwner =>
                    Refuse(StatusCodes.Status403Forbidden, "This device may not report for this owner."),
                ReportOutcome.BadPicture => Refuse(StatusCodes.Status422UnprocessableEntity,
                    "A picture is not a JPEG, is too large, or has another hash than stated."),
                ReportOutcome.TooManyPictures => Refuse(StatusCodes.Status422UnprocessableEntity,
                    "This device has reported as many pictures as it may in a day."),
                ReportOutcome.TooManyEntries => Later(context, StatusCodes.Status429TooManyRequests, "600",
                    "This device has reported as many entries as it may in a day."),
                _ => Refuse(StatusCodes.Status400BadRequest, "A value is out of range."),
            };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Later(context, StatusCodes.Status503ServiceUnavailable, "60", "The picture cannot be stored right now.");
        }
    }

    private static void Limit(HttpContext context, long bytes)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
            feature.MaxRequestBodySize = bytes;
    }

    private static async Task<(IResult? Problem, T? Body)> ReadAsync<T>(HttpContext context)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(context.Request.Body, ReportedEntry.Json, context.RequestAborted)
                is { } body ? (null, body) : (Unreadable, null);
        }
        catch (BadHttpRequestException error) when (error.StatusCode is StatusCodes.Status413PayloadTooLarge)
        {
            return (Refuse(StatusCodes.Status413PayloadTooLarge, "The body is too large."), null);
        }
        catch (Exception error) when (error is JsonException or BadHttpRequestException or IOException)
        {
            return (Unreadable, null);
        }
    }

    private static IResult Unreadable => Refuse(StatusCodes.Status400BadRequest, "The body is not the JSON that is expected.");

    private static void SayVersion(HttpContext context, int version) =>
        context.Response.Headers[ReportedEntry.VersionHeader] = version.ToString(CultureInfo.InvariantCulture);

    private static IResult RefuseToken(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Refuse(StatusCodes.Status401Unauthorized, "The token is unknown, or was revoked.");
    }

    private static IResult Later(HttpContext context, int status, string seconds, string problem)
    {
        context.Response.Headers.RetryAfter = seconds;
        return Refuse(status, problem);
    }

    private static IResult Refuse(int status, string problem) => Results.Json(new { problem }, statusCode: status);

    private sealed record EnrolmentCode(string Code);
}

/// <summary>
/// How many reports of one device are read at the same time: each can take as much memory as its pictures need.
/// </summary>
public sealed class DeviceLimits : IDisposable
{
    private const int AtOnce = 2, Waiting = 4;

    private readonly PartitionedRateLimiter<long> _limiter = PartitionedRateLimiter.Create<long, long>(device =>
        RateLimitPartition.GetConcurrencyLimiter(
            device, _ => new ConcurrencyLimiterOptions { PermitLimit = AtOnce, QueueLimit = Waiting }));

    /// <summary>Waits until the device may send another report. The turn ends when it is disposed.</summary>
    /// <param name="device">The device's id.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<RateLimitLease> WaitAsync(long device, CancellationToken cancellationToken) =>
        _limiter.AcquireAsync(device, 1, cancellationToken);

    /// <inheritdoc />
    public void Dispose() => _limiter.Dispose();
}

using Microsoft.EntityFrameworkCore;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Visitors;

namespace SentinelCam.Device;

/// <summary>
/// Records a log-in to the device as an attempt, like one on the web page. It never counts towards the lock of an account.
/// </summary>
public sealed class DeviceRecorder(
    SentinelCamDbContext db, LoginAttemptRecorder attempts, DeviceOptions options, CameraFeed camera, SessionPlaces sessions,
    TimeProvider time)
{
    /// <summary>Why a log-in over the network has no picture.</summary>
    public const string NotAtDevice = "The log-in came over the network, so the camera would show somebody else.";

    /// <summary>Why a log-in that was found late has no picture.</summary>
    public const string FoundLate =
        "SentinelCam learned of this more than two minutes later, when the camera would have shown somebody else.";

    private const int MaxLength = 64;

    /// <summary>An event that is older says nothing about who is in front of the camera now.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(2);

    /// <summary>Records the event once, however often it is handed over.</summary>
    public async Task<DeviceEventResult> RecordAsync(DeviceEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        using var trace = Telemetry.BeginTrace("record a log-in to the device");
        var service = VisitorText.Clean(happened.Service, DeviceServices.MaxNameLength);
        var kind = DeviceServices.KindOf(service);
        var rules = await db.DeviceRules.AsNoTracking().Where(r => r.Service == kind).ToListAsync();
        if (rules.Exists(r => r is { OwnerId: null, IsOff: true }))
            return DeviceEventResult.SwitchedOff;
        var attempt = await AttemptAsync(happened, service);
        var noPicture = WhyNoPicture(attempt);
        // Before the commit, so that the camera is open a moment sooner. A success is rarely photographed
        if (noPicture is null && !happened.IsAccepted)
            camera.Warm();

        // BEGIN IMMEDIATE, so that attempts are counted one after another
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await db.LoginAttempts.AnyAsync(a => a.SourceKey == happened.Key))
            return DeviceEventResult.Repeated;
        attempt.OwnerId = await OwnerAsync(attempt.AccountTyped);
        var now = time.GetUtcNow();
        var result = DeviceEventResult.Recorded;
        if (!happened.IsAccepted)
            await attempts.AddFailureAsync(attempt, now, AlertFrom(rules, attempt.OwnerId, kind), noPicture);
        else if (!await attempts.AddSuccessAsync(attempt, now, noPicture))
            result = DeviceEventResult.OrdinarySuccess;
        await transaction.CommitAsync();
        return result;
    }

    private async Task<LoginAttempt> AttemptAsync(DeviceEvent happened, string service)
    {
        var now = time.GetUtcNow();
        var host = await sessions.RemoteHostAsync(happened);
        return new LoginAttempt
        {
            // A user's own file can claim to be of the future
            At = happened.At < now ? happened.At : now,
            Origin = host is null ? AttemptOrigin.AtDevice : AttemptOrigin.OverNetwork,
            AccountTyped = VisitorText.Clean(happened.User, MaxLength),
            RemoteAddress = VisitorText.Clean(host, MaxLength),
            UserAgent = "",
            Outcome = happened.User.Length == 0 ? LoginOutcome.UnknownAccount : happened.Outcome,
            Service = service,
            Caller = VisitorText.Clean(happened.Caller, MaxLength) is { Length: > 0 } caller ? caller : null,
            SourceKey = happened.Key,
        };
    }

    private string? WhyNoPicture(LoginAttempt attempt) =>
        time.GetUtcNow() - attempt.At > Late ? FoundLate
        : attempt.Origin is AttemptOrigin.OverNetwork && !options.PhotographRemote ? NotAtDevice
        : null;

    /// <returns>The approved account that the device's user is assigned to; null: the administrators.</returns>
    private Task<long?> OwnerAsync(string user) => db.DeviceUsers
        .Where(u => u.Name == user && db.Users.Any(a => a.Id == u.AccountId && a.ApprovedAt != null))
        .Select(u => (long?)u.AccountId).SingleOrDefaultAsync();

    private static int AlertFrom(List<DeviceRule> rules, long? ownerId, DeviceService kind) =>
        (rules.Find(r => r.OwnerId == ownerId) ?? rules.Find(r => r.OwnerId is null))?.AlertFrom
        ?? DeviceServices.DefaultAlertFrom(kind);
}

using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Cameras;
using SentinelCam.Data;

namespace SentinelCam.Watch;

/// <summary>
/// Tests the whole way once a week: takes a picture, which is not kept, and sends a mail to the administrators. It passes when
/// the mail is accepted. A test that fails is a trouble, and is tried again every day.
/// </summary>
/// <remarks>Its state is stored, so a test that a restart cuts off goes on, and none is repeated.</remarks>
public sealed class WeeklyTest(
    SentinelCamDbContext db, AdministratorNotices notices, TroubleWatch troubles, CameraFeed camera, HealthProbe health,
    LiveNodes nodes, TimeProvider time, ILogger<WeeklyTest> logger)
{
    /// <summary>The time between two tests that pass.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromDays(7);

    /// <summary>The time before the first test, and after one that failed.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromDays(1);

    /// <summary>How long the mail may take to be accepted.</summary>
    private static readonly TimeSpan MailPatience = TimeSpan.FromHours(1);

    /// <summary>Begins the test if it is due, or looks whether its mails were accepted.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        // Nodes that start at once can make two rows; the first counts
        var test = await db.SelfTests.AsTracking().OrderBy(t => t.Id).FirstOrDefaultAsync(cancellationToken)
            ?? db.Add(new SelfTest { DueAt = now + RetryAfter }).Entity;
        if (test.StartedAt is { } startedAt)
            await FinishAsync(test, startedAt, now, cancellationToken);
        // The clock was ahead when the time was stored
        else if (now >= test.DueAt || test.DueAt > now + Interval + RetryAfter)
            await BeginAsync(test, now, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
    }

    private async Task BeginAsync(SelfTest test, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var picture = await camera.LookAsync(cancellationToken);
        if (picture.Problem is not null)
        {
            await FailAsync(test, now, Here(picture.Problem), cancellationToken);
            return;
        }

        var broken = (await health.RunAsync()).Where(part => part.Value is not null).ToList();
        if (broken.Count > 0)
        {
            var problem = string.Join(' ', broken.Select(part => $"{part.Key}: {part.Value}"));
            await FailAsync(test, now, Here(problem), cancellationToken);
            return;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        // Another node may have begun it meanwhile
        if (!await db.SelfTests.AnyAsync(
            t => t.Id == test.Id && t.StartedAt == null && t.DueAt == test.DueAt, cancellationToken))
        {
            return;
        }

        var line = await LineAsync(now, cancellationToken);
        var mails = await notices.AddAsync(MailKind.SelfTest, "All is well", _ => [line]);
        await db.SaveChangesAsync(cancellationToken);
        // Without an administrator there is nobody to tell
        if (mails.Count == 0)
            test.DueAt = now + RetryAfter;
        else
            (test.StartedAt, test.FirstDeliveryId) = (mails[0].CreatedAt, mails.Min(mail => mail.Id));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task FinishAsync(
        SelfTest test, DateTimeOffset startedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var mails = db.Deliveries.Where(d =>
            d.Id >= test.FirstDeliveryId && d.Kind == MailKind.SelfTest && d.CreatedAt == startedAt);
        var open = await mails.AsNoTracking().Where(d => d.State != DeliveryState.Accepted).OrderBy(d => d.Id)
            .Select(d => new { d.State, d.LastReply }).ToListAsync(cancellationToken);
        var hasPassed = open.Count == 0;
        if (!hasPassed && !open.Exists(d => d.State is DeliveryState.Failed) && (now - startedAt).Duration() <= MailPatience)
            return;

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        // Another node may have ended it meanwhile: without its mails, a test that has failed would pass
        if (!await db.SelfTests.AnyAsync(t => t.Id == test.Id && t.StartedAt == startedAt, cancellationToken))
            return;

        if (hasPassed)
        {
            (test.StartedAt, test.DueAt) = (null, startedAt + Interval);
            await troubles.SeeAsync(db, notices, TroubleKind.SelfTest, null, cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
            logger.LogInformation("The weekly test passed");
        }
        else
        {
            // A mail that says that all is well must not arrive when it is not, nor be tried again if it is being sent
            await mails.Where(d => d.State == DeliveryState.Waiting || d.State == DeliveryState.Sending)
                .ExecuteDeleteAsync(cancellationToken);
            await FailAsync(
                test, now, $"The email was not accepted. {open[0].LastReply ?? "It was not tried yet."}", cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Names this device, whose camera or disk it is, if there are several.</summary>
    private string Here(string problem) => nodes.Device is { } device ? $"On {device}: {problem}" : problem;

    private async Task FailAsync(SelfTest test, DateTimeOffset now, string problem, CancellationToken cancellationToken)
    {
        (test.StartedAt, test.DueAt) = (null, now + RetryAfter);
        await troubles.SeeAsync(
            db, notices, TroubleKind.SelfTest, $"{problem} The test is tried again every day.", cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        logger.LogWarning("The weekly test failed: {Problem}", problem);
    }

    /// <summary>The line of the mail, with the week's numbers.</summary>
    private async Task<string> LineAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var since = now - Interval;
        var day = since.ToUnixTimeMilliseconds() / (long)TimeSpan.FromDays(1).TotalMilliseconds;
        // Derived by a trigger: counting the attempts themselves takes seconds after a flood
        var attempts = await db.Database.SqlQuery<long>($"""
            SELECT CAST(COALESCE(SUM("Attempts"), 0) AS bigint) AS "Value" FROM "AttemptDays"
            WHERE "Day" > {day} AND "Outcome" NOT IN (
                {nameof(LoginOutcome.SucceededAfterFailures)}, {nameof(LoginOutcome.SucceededInNewBrowser)})
            """).SingleAsync(cancellationToken);
        var pictures = await db.Snapshots.CountAsync(s => s.TakenAt > since && s.StripOfId == null, cancellationToken);
        var mails = await db.Deliveries.CountAsync(
            d => d.State == DeliveryState.Accepted && d.DueAt > since && d.AcceptedAt > since, cancellationToken);
        return $"All is well: the camera took a picture, and this email reached you. In the last seven days: "
            + $"{Count(attempts, "failed sign-in")}, {Count(pictures, "picture")}, {Count(mails, "email")}.";
    }

    private static string Count(long number, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");
}

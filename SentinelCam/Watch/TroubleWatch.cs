using Microsoft.EntityFrameworkCore;
using SentinelCam.Alerts;
using SentinelCam.Data;

namespace SentinelCam.Watch;

/// <summary>
/// Turns what is seen into troubles: one that lasts long enough is told once, and once when it is over. Both are committed
/// together with their mails, so a restart repeats nothing.
/// </summary>
/// <remarks>
/// Times are measured by the timer, so a clock that is set makes nothing long or short. Only after a restart the clock says how
/// long a trouble had lasted.
/// </remarks>
public sealed class TroubleWatch(
    WatchOptions options, LiveNodes nodes, TimeProvider time, ILogger<TroubleWatch> logger)
{
    /// <summary>A trouble that comes back within this time was not over.</summary>
    private static readonly TimeSpan Steady = TimeSpan.FromMinutes(10);

    private readonly Dictionary<TroubleKind, Course> _courses = [];

    /// <summary>Whether a good look is not enough yet, and another one is needed soon.</summary>
    public bool IsUndecided(TroubleKind kind) =>
        _courses.TryGetValue(kind, out var course) && (!course.IsTold || course.GoodSince is not null);

    /// <summary>Takes what was seen, and tells the administrators if it is time.</summary>
    /// <param name="db">Where troubles are stored.</param>
    /// <param name="notices">Mails to administrators, in the same context.</param>
    /// <param name="kind">What was looked at.</param>
    /// <param name="problem">What is wrong with it, in sentences; null if it works.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task SeeAsync(
        SentinelCamDbContext db, AdministratorNotices notices, TroubleKind kind, string? problem,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(notices);
        var node = nodes.WithTrouble(kind);
        // The row from before there were other nodes is this one's, too
        var trouble = await db.Troubles.AsTracking().OrderByDescending(t => t.Node)
            .FirstOrDefaultAsync(t => t.Kind == kind && (t.Node == node || t.Node == ""), cancellationToken);
        // Another node may have ended it
        if (trouble is null)
            _courses.Remove(kind);
        if (trouble is null && problem is null)
            return;
        var isOver = false;
        if (problem is null)
            isOver = await SeeGoodAsync(db, notices, trouble!);
        else
            await SeeBadAsync(db, notices, trouble, kind, node, problem);
        await db.SaveChangesAsync(cancellationToken);
        if (isOver)
            _courses.Remove(kind);
    }

    private async Task SeeBadAsync(
        SentinelCamDbContext db, AdministratorNotices notices, Trouble? trouble, TroubleKind kind, string node,
        string problem)
    {
        var now = time.GetUtcNow();
        trouble ??= db.Add(new Trouble { Kind = kind, Node = node, Since = now, Problem = problem }).Entity;
        trouble.Problem = problem;
        var course = CourseOf(trouble);
        course.GoodSince = null;
        if (trouble.ToldAt is not null || time.GetElapsedTime(course.BadSince) < TellAfter(kind))
            return;
        trouble.ToldAt = now;
        await notices.AddAsync(MailKind.WatchNotice, TroubleWords.Headline(trouble), zone =>
        [
            problem,
            $"This has been so since {MailTime.ToTheMinute(trouble.Since, zone)}. SentinelCam tells you when it is over.",
        ]);
        logger.LogWarning("Trouble with {Kind}: {Problem}", kind, problem);
    }

    /// <returns>Whether it is over.</returns>
    private async Task<bool> SeeGoodAsync(SentinelCamDbContext db, AdministratorNotices notices, Trouble trouble)
    {
        var course = CourseOf(trouble);
        if (course.GoodSince is null && trouble.Kind is TroubleKind.Mail)
            await SendNoticesNowAsync(db);
        course.GoodSince ??= time.GetTimestamp();
        if (trouble.ToldAt is not null && time.GetElapsedTime(course.GoodSince.Value) < OverAfter(trouble.Kind))
            return false;
        db.Remove(trouble);
        if (trouble.ToldAt is null)
            return true;
        logger.LogInformation("Trouble with {Kind} is over", trouble.Kind);
        // The mail of the test that passed says it already
        if (trouble.Kind is not TroubleKind.SelfTest)
        {
            await notices.AddAsync(MailKind.WatchNotice, TroubleWords.Over(trouble), zone =>
            [
                $"It was so from {MailTime.ToTheMinute(trouble.Since, zone)} on. You do not need to do anything.",
            ]);
        }

        return true;
    }

    /// <summary>Otherwise the mail that it is over could overtake the one that it began, which waits for its next try.</summary>
    private Task<int> SendNoticesNowAsync(SentinelCamDbContext db)
    {
        var now = time.GetUtcNow();
        return db.Deliveries
            .Where(d => d.State == DeliveryState.Waiting && d.Kind == MailKind.WatchNotice && d.DueAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.DueAt, now));
    }

    /// <summary>The course of a trouble since it began, or since the start of this process.</summary>
    private Course CourseOf(Trouble trouble)
    {
        if (!_courses.TryGetValue(trouble.Kind, out var course))
        {
            var passed = time.GetUtcNow() - trouble.Since;
            // Not longer than the longest time that matters, so that a clock that was ahead does not count
            var before = TimeSpan.FromTicks(Math.Clamp(passed.Ticks, 0, TellAfter(trouble.Kind).Ticks));
            course = _courses[trouble.Kind] =
                new Course(time.GetTimestamp() - (long)(before.TotalSeconds * time.TimestampFrequency));
        }

        course.IsTold = trouble.ToldAt is not null;
        return course;
    }

    private TimeSpan TellAfter(TroubleKind kind) => kind switch
    {
        TroubleKind.Camera => options.DarkFor,
        TroubleKind.Mail => TimeSpan.FromHours(1),
        _ => TimeSpan.Zero,
    };

    /// <summary>For how long all must be well before it is over, so that a trouble that comes and goes is told once.</summary>
    private static TimeSpan OverAfter(TroubleKind kind) => kind switch
    {
        // Setting a clock ends its trouble; services that fight over it do so for hours
        TroubleKind.Clock => TimeSpan.FromHours(1),
        TroubleKind.SelfTest => TimeSpan.Zero,
        _ => Steady,
    };

    private sealed class Course(long badSince)
    {
        public long BadSince { get; } = badSince;

        public long? GoodSince { get; set; }

        public bool IsTold { get; set; }
    }
}

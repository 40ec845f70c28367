using Microsoft.EntityFrameworkCore;
using SentinelCam.Alerts;
using SentinelCam.Data;

namespace SentinelCam.Watch;

/// <summary>
/// Turns what is seen into troubles: one that lasts long enough is told once, and once when it is over. Both are committed
/// together with their mails, so neither a restart nor another node repeats anything.
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

    private readonly Dictionary<(TroubleKind Kind, string Node), Course> _courses = [];

    /// <summary>Whether a good look is not enough yet, and another one is needed soon.</summary>
    public bool IsUndecided(TroubleKind kind) => _courses.TryGetValue((kind, nodes.WithTrouble(kind)), out var course)
        && (!course.IsTold || course.GoodSince is not null);

    /// <summary>Takes what was seen of this machine, or of all, and tells the administrators if it is time.</summary>
    /// <param name="db">Where troubles are stored.</param>
    /// <param name="notices">Mails to administrators, in the same context.</param>
    /// <param name="kind">What was looked at.</param>
    /// <param name="problem">What is wrong with it, in sentences; null if it works.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public Task SeeAsync(
        SentinelCamDbContext db, AdministratorNotices notices, TroubleKind kind, string? problem,
        CancellationToken cancellationToken) =>
        SeeAsync(db, notices, kind, nodes.WithTrouble(kind), problem, cancellationToken);

    /// <summary>Takes what was seen of a node, and tells the administrators if it is time.</summary>
    public async Task SeeAsync(
        SentinelCamDbContext db, AdministratorNotices notices, TroubleKind kind, string node, string? problem,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(notices);
        // A look that changes nothing waits for no lock, and no page wakes up for its commit
        var trouble = await FindAsync(db.Troubles.AsNoTracking(), kind, node, cancellationToken);
        if (problem is null && trouble?.Kind is TroubleKind.Mail && CourseOf(trouble).GoodSince is null)
            await SendNoticesNowAsync(db);
        if (!IsNews(trouble, problem))
            return;
        await using var transaction =
            db.Database.CurrentTransaction is null ? await db.Database.BeginTransactionAsync(cancellationToken) : null;
        // Another node may have told it or ended it meanwhile
        trouble = await FindAsync(db.Troubles.AsTracking(), kind, node, cancellationToken);
        if (problem is not null)
            await NoteAsync(notices, trouble ?? Add(db, kind, node, problem), problem);
        else if (trouble is not null && IsOver(trouble))
            await EndAsync(db, notices, trouble);
        await db.SaveChangesAsync(cancellationToken);
        if (transaction is not null)
            await transaction.CommitAsync(cancellationToken);
        if (problem is null)
            _courses.Remove((kind, node));
    }

    /// <summary>Takes a look.</summary>
    /// <returns>Whether it changes what is stored.</returns>
    private bool IsNews(Trouble? trouble, string? problem)
    {
        if (trouble is null)
            return problem is not null;
        if (problem is null)
            return IsOver(trouble);
        return IsToBeTold(trouble) || trouble.Problem != problem;
    }

    private async Task<Trouble?> FindAsync(
        IQueryable<Trouble> troubles, TroubleKind kind, string node, CancellationToken cancellationToken)
    {
        var trouble = await troubles.FirstOrDefaultAsync(t => t.Kind == kind && t.Node == node, cancellationToken);
        if (trouble is null)
            _courses.Remove((kind, node));
        return trouble;
    }

    private Trouble Add(SentinelCamDbContext db, TroubleKind kind, string node, string problem) =>
        db.Add(new Trouble { Kind = kind, Node = node, Since = time.GetUtcNow(), Problem = problem }).Entity;

    private async Task NoteAsync(AdministratorNotices notices, Trouble trouble, string problem)
    {
        trouble.Problem = problem;
        if (!IsToBeTold(trouble))
            return;
        trouble.ToldAt = time.GetUtcNow();
        await notices.AddAsync(MailKind.WatchNotice, TroubleWords.Headline(trouble), zone =>
        [
            problem,
            $"This has been so since {MailTime.ToTheMinute(trouble.Since, zone)}. SentinelCam tells you when it is over.",
        ]);
        logger.LogWarning("{Trouble:l}: {Problem}", TroubleWords.Headline(trouble), problem);
    }

    private async Task EndAsync(SentinelCamDbContext db, AdministratorNotices notices, Trouble trouble)
    {
        db.Remove(trouble);
        if (trouble.ToldAt is null)
            return;
        logger.LogInformation("{Trouble:l}", TroubleWords.Over(trouble));
        // The mail of the test that passed says it already
        if (trouble.Kind is not TroubleKind.SelfTest)
        {
            await notices.AddAsync(MailKind.WatchNotice, TroubleWords.Over(trouble), zone =>
            [
                $"It was so from {MailTime.ToTheMinute(trouble.Since, zone)} on. You do not need to do anything.",
            ]);
        }
    }

    /// <summary>Takes a bad look.</summary>
    /// <returns>Whether the trouble has lasted long enough.</returns>
    private bool IsToBeTold(Trouble trouble)
    {
        var course = CourseOf(trouble);
        course.GoodSince = null;
        return trouble.ToldAt is null && time.GetElapsedTime(course.BadSince) >= TellAfter(trouble.Kind);
    }

    /// <summary>Takes a good look.</summary>
    /// <returns>Whether looks have been good for long enough.</returns>
    private bool IsOver(Trouble trouble)
    {
        var course = CourseOf(trouble);
        course.GoodSince ??= time.GetTimestamp();
        return trouble.ToldAt is null || time.GetElapsedTime(course.GoodSince.Value) >= OverAfter(trouble.Kind);
    }

    /// <summary>Otherwise the mail that it is over could overtake the one that it began, which waits for its next try.</summary>
    private async Task SendNoticesNowAsync(SentinelCamDbContext db)
    {
        var now = time.GetUtcNow();
        var waiting = db.Deliveries.Where(d =>
            d.State == DeliveryState.Waiting && d.Kind == MailKind.WatchNotice && d.DueAt > now);
        if (await waiting.AnyAsync())
            await waiting.ExecuteUpdateAsync(set => set.SetProperty(d => d.DueAt, now));
    }

    /// <summary>The course of a trouble since it began, or since the start of this process.</summary>
    private Course CourseOf(Trouble trouble)
    {
        var (key, since) = ((trouble.Kind, trouble.Node), trouble.Since.ToUnixTimeMilliseconds());
        // Another node may have ended one between two looks, and begun another
        if (!_courses.TryGetValue(key, out var course) || course.Since != since)
        {
            var passed = time.GetUtcNow() - trouble.Since;
            // Not longer than the longest time that matters, so that a clock that was ahead does not count
            var before = TimeSpan.FromTicks(Math.Clamp(passed.Ticks, 0, TellAfter(trouble.Kind).Ticks));
            // While this process was down, the other one may have been down for the same reason
            if (trouble.Kind is TroubleKind.Node)
                before = TimeSpan.Zero;
            course = _courses[key] =
                new Course(since, time.GetTimestamp() - (long)(before.TotalSeconds * time.TimestampFrequency));
        }

        course.IsTold = trouble.ToldAt is not null;
        return course;
    }

    private TimeSpan TellAfter(TroubleKind kind) => kind switch
    {
        TroubleKind.Camera => options.DarkFor,
        TroubleKind.Mail => TimeSpan.FromHours(1),
        // An upgrade takes less
        TroubleKind.Node => TimeSpan.FromMinutes(5),
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

    private sealed class Course(long since, long badSince)
    {
        /// <summary>The time of the row, in milliseconds since 1970.</summary>
        public long Since { get; } = since;

        public long BadSince { get; } = badSince;

        public long? GoodSince { get; set; }

        public bool IsTold { get; set; }
    }
}

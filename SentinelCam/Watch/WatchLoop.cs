using Microsoft.EntityFrameworkCore;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Jobs;

namespace SentinelCam.Watch;

/// <summary>Looks at other nodes, camera, mails, disk and clock once a minute, and runs the weekly test.</summary>
public sealed class WatchLoop(
    IServiceScopeFactory scopes, TroubleWatch troubles, CameraEye camera, ClockWatch clock, ReferenceClock reference,
    DataDirectory data, LiveNodes nodes, WatchOptions options, TimeProvider time, ILogger<WatchLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan MaxClockError = TimeSpan.FromMinutes(1);

    private ClockStep? _lastStep;
    private string? _lastProblem;
    private bool _hasTakenOver;

    /// <summary>How many looks have ended.</summary>
    internal int Looks { get; private set; }

    /// <summary>The timer's value from which looks are a minute apart.</summary>
    internal long StartedAt { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The first look comes a minute after the start, which it would delay
        using var timer = new PeriodicTimer(Interval, time);
        StartedAt = time.GetTimestamp();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TryLookAsync(stoppingToken);
            Looks++;
        }
    }

    private async Task TryLookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await LookAsync(cancellationToken);
            _lastProblem = null;
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            // Most often a database that cannot be written, which /healthz reports
            var problem = (error.InnerException ?? error).Message;
            if (Interlocked.Exchange(ref _lastProblem, problem) != problem)
                logger.LogError("SentinelCam could not look after itself; the next try is in a minute: {Problem}", problem);
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        if (nodes.MayBeSeveral)
            await LookAtNodesAsync(cancellationToken);
        await SeeAsync(TroubleKind.Disk, async db => (true, await FindLowDiskAsync(db)), cancellationToken);
        await SeeAsync(TroubleKind.Clock, _ => Task.FromResult(WrongClock()), cancellationToken);
        await SeeAsync(TroubleKind.Mail, async db => (true, await db.FindRefusalAsync(cancellationToken)), cancellationToken);
        var seen = await camera.SeeAsync(troubles.IsUndecided(TroubleKind.Camera), cancellationToken);
        await SeeAsync(TroubleKind.Camera, _ => Task.FromResult((seen is not null, seen?.Problem)), cancellationToken);
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<WeeklyTest>().RunAsync(cancellationToken);
    }

    private async Task LookAtNodesAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        await TakeOverAsync(db, cancellationToken);
        // Nobody's heart beat while the database was gone
        if (nodes.RecoveryLeft > TimeSpan.Zero)
            return;
        var alive = await nodes.NamesAsync(db, cancellationToken);
        var known = await db.Nodes.Select(n => n.Name).ToListAsync(cancellationToken);
        // Those that are removed have no trouble
        var troubled = await db.Troubles.Where(t => t.Kind == TroubleKind.Node).Select(t => t.Node)
            .ToListAsync(cancellationToken);
        foreach (var node in known.Union(troubled))
        {
            await troubles.SeeAsync(
                db, scope.ServiceProvider.GetRequiredService<AdministratorNotices>(), TroubleKind.Node, node,
                known.Contains(node) && !alive.Contains(node) ? TroubleWords.DeadNode : null, cancellationToken);
        }
    }

    /// <summary>
    /// Troubles from before the move to a database of several nodes have no node. The first one to look is most likely the
    /// machine that had them, and ends them if not.
    /// </summary>
    private async Task TakeOverAsync(SentinelCamDbContext db, CancellationToken cancellationToken)
    {
        if (_hasTakenOver)
            return;
        var nameless = db.Troubles.Where(t => t.Node == "" && Trouble.OfOneMachine.Contains(t.Kind));
        // It may have the same trouble with its name already
        await nameless.Where(t => !db.Troubles.Any(own => own.Kind == t.Kind && own.Node == nodes.Self))
            .ExecuteUpdateAsync(set => set.SetProperty(t => t.Node, nodes.Self), cancellationToken);
        await nameless.ExecuteDeleteAsync(cancellationToken);
        _hasTakenOver = true;
    }

    /// <param name="kind">What is looked at.</param>
    /// <param name="look">Whether anything was seen, and what is wrong.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    private async Task SeeAsync(
        TroubleKind kind, Func<SentinelCamDbContext, Task<(bool IsSeen, string? Problem)>> look,
        CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var (isSeen, problem) = await look(db);
        if (!isSeen)
            return;
        await troubles.SeeAsync(
            db, scope.ServiceProvider.GetRequiredService<AdministratorNotices>(), kind, problem, cancellationToken);
    }

    /// <summary>A disk that was almost full needs a quarter more to be in order again.</summary>
    private async Task<string?> FindLowDiskAsync(SentinelCamDbContext db)
    {
        var node = nodes.WithTrouble(TroubleKind.Disk);
        var wasLow = await db.Troubles.AnyAsync(t => t.Kind == TroubleKind.Disk && t.Node == node);
        return data.FreeBytes < (wasLow ? options.MinFree * 1.25 : options.MinFree)
            ? $"Less than {TroubleWords.Size(options.MinFree)} of disk space is free for {data.Root}. Make room: when the disk "
                + "is full, no pictures are saved, and at last nobody can sign in."
            : null;
    }

    private (bool IsSeen, string? Problem) WrongClock()
    {
        if (clock.LastStep is { } step && step != _lastStep)
        {
            _lastStep = step;
            return (true, $"The clock was set {(step.By < TimeSpan.Zero ? "back" : "forward")} by "
                + $"{TroubleWords.Duration(step.By)}, so the times of what was recorded before are wrong by that. If this "
                + "happens often, check this machine's time synchronisation.");
        }

        // While the other clock cannot be asked, nothing is known
        if (options.Ping is not null && reference.Offset is null)
            return (false, null);
        return (true, reference.Offset is { } offset && offset.Duration() >= MaxClockError
            ? $"The clock is {TroubleWords.Duration(offset)} {(offset > TimeSpan.Zero ? "ahead of" : "behind")} the clock of "
                + $"{options.Ping?.Host}. Turn on this machine's time synchronisation."
            : null);
    }
}

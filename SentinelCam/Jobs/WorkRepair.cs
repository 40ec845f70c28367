using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Forwarding;
using SentinelCam.Mail;

namespace SentinelCam.Jobs;

/// <summary>Makes work due again that a crash of this node or another one has left behind.</summary>
public sealed class WorkRepair(LiveNodes nodes, TimeProvider time)
{
    /// <summary>After this time a mail that is being sent was cut off.</summary>
    public static readonly TimeSpan SendingGrace = SmtpTransport.LongestTry + WorkStarter.Grace;

    /// <summary>After this time a report to the central SentinelCam was cut off.</summary>
    private static readonly TimeSpan ForwardGrace = 3 * ForwardClient.LongestTry + WorkStarter.Grace;

    /// <summary>Makes due again what this node was sending when its last process ended.</summary>
    /// <returns>The ids of the mails among it, the earliest first.</returns>
    public async Task<IReadOnlyList<long>> ReleaseOwnAsync(SentinelCamDbContext db, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(db);
        // On SQLite, the only node may have been renamed. Another one may have joined a moment ago
        var others = db.Nodes.Where(n => n.Name != nodes.Self).Select(n => n.Name);
        var own = db.Deliveries.Where(d => d.SentBy == null || !others.Contains(d.SentBy));
        var mails = await own.Where(d => d.State == DeliveryState.Sending).OrderBy(d => d.SendingSince).Select(d => d.Id)
            .ToListAsync(cancellationToken);
        await ReleaseAsync(own, time.GetUtcNow(), cancellationToken);
        await ReleaseAsync(
            db.Forwards.Where(f => f.SentBy == null || !others.Contains(f.SentBy)), time.GetUtcNow(), cancellationToken);
        // An operator who has set another token wants to see whether it works
        await db.Forwards.Where(f => f.State == ForwardState.Waiting).ExecuteUpdateAsync(
            set => set.SetProperty(f => f.DueAt, time.GetUtcNow()), cancellationToken);
        return mails;
    }

    /// <summary>
    /// Makes due again what this node has been sending for too long. Other nodes that live do so themselves, by their own clock.
    /// </summary>
    public async Task ReleaseStuckAsync(SentinelCamDbContext db, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(db);
        var now = time.GetUtcNow();
        var (soon, self) = (now + WorkStarter.Grace, nodes.Self);
        await ReleaseAsync(
            db.Deliveries.Where(d => (d.SentBy == null || d.SentBy == self)
                && (d.SendingSince < now - SendingGrace || d.SendingSince > soon)), now, cancellationToken);
        await ReleaseAsync(
            db.Forwards.Where(f => (f.SentBy == null || f.SentBy == self)
                && (f.SendingSince < now - ForwardGrace || f.SendingSince > soon)), now, cancellationToken);
    }

    /// <summary>
    /// Makes work due again that was interrupted by the end of another node, or scheduled while the clock was ahead.
    /// </summary>
    public async Task RunAsync(SentinelCamDbContext db, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(db);
        var now = time.GetUtcNow();
        var soon = now + WorkStarter.Grace;
        // No try is ever postponed for longer
        var (tooFarOff, tooFarOffAfterUnknown) = (soon + SendAlertJob.LongestDelay, soon + SendAlertJob.LongestDelayAfterUnknown);
        // A node that has just started may not have had a heartbeat yet
        var (live, longAgo) = (await nodes.NamesAsync(db, cancellationToken), now - LiveNodes.Limit);
        await ReleaseAsync(
            db.Deliveries.Where(d => d.SentBy != null && !live.Contains(d.SentBy)
                && (d.SendingSince < longAgo || d.SendingSince > soon)), now, cancellationToken);
        await db.Deliveries
            .Where(d => d.State == DeliveryState.Waiting
                && d.DueAt > (d.Tries == 0 ? soon : d.MayHaveArrived ? tooFarOffAfterUnknown : tooFarOff))
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.DueAt, now), cancellationToken);
        await ReleaseAsync(
            db.Forwards.Where(f => f.SentBy != null && !live.Contains(f.SentBy)
                && (f.SendingSince < longAgo || f.SendingSince > soon)), now, cancellationToken);
        await db.Forwards.Where(f => f.State == ForwardState.Waiting && f.DueAt > soon + ForwardPauses.Longest)
            .ExecuteUpdateAsync(set => set.SetProperty(f => f.DueAt, now), cancellationToken);
        await db.ImageLog.Where(e => e.CaptureState == CaptureState.Waiting && e.CaptureDueAt > soon)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.CaptureDueAt, now), cancellationToken);
        await db.Alerts.Where(a => a.ClosedAt == null && a.OpenedAt > soon && a.ClosesAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.ClosesAt, now), cancellationToken);
    }

    private static Task<int> ReleaseAsync(
        IQueryable<Delivery> deliveries, DateTimeOffset now, CancellationToken cancellationToken) =>
        deliveries
            .Where(d => d.State == DeliveryState.Sending)
            .ExecuteUpdateAsync(set => set
                .SetProperty(d => d.State, DeliveryState.Waiting)
                .SetProperty(d => d.DueAt, now)
                .SetProperty(d => d.SendingSince, (DateTimeOffset?)null)
                .SetProperty(d => d.LastReply, "The last try was interrupted."), cancellationToken);

    private static Task<int> ReleaseAsync(
        IQueryable<Forward> forwards, DateTimeOffset now, CancellationToken cancellationToken) =>
        forwards
            .Where(f => f.State == ForwardState.Sending)
            .ExecuteUpdateAsync(set => set
                .SetProperty(f => f.State, ForwardState.Waiting)
                .SetProperty(f => f.DueAt, now)
                .SetProperty(f => f.SendingSince, (DateTimeOffset?)null), cancellationToken);
}

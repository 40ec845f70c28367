using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>What a signed-in person must know about mails that do not arrive.</summary>
/// <param name="Failed">The number of their failed mails whose notice was not dismissed.</param>
/// <param name="LastFailedId">The id of the latest of them.</param>
/// <param name="LastReply">The mail server's reply to it.</param>
/// <param name="LateSince">When the oldest mail that has waited for more than an hour was queued; null if there is none.</param>
/// <param name="SignInReply">For administrators: the mail server's reply when it rejected SentinelCam's sign-in; or null.</param>
public sealed record DeliveryTrouble(
    int Failed, long LastFailedId, string? LastReply, DateTimeOffset? LateSince, string? SignInReply)
{
    public bool IsAny => Failed > 0 || LateSince is not null || SignInReply is not null;
}

/// <summary>Finds mails that do not arrive.</summary>
public sealed class DeliveryProblems(SentinelCamDbContext db, TimeProvider time, ILogger<DeliveryProblems> logger)
{
    private static readonly TimeSpan Late = TimeSpan.FromHours(1);
    private static readonly DeliveryTrouble None = new(0, 0, null, null, null);

    /// <summary>Never fails, because the result is on every page, including the one that reports a database error.</summary>
    public async Task<DeliveryTrouble> FindAsync(Viewer viewer)
    {
        try
        {
            return await ReadAsync(viewer);
        }
        catch (Exception error) when (error is DbException or InvalidOperationException)
        {
            logger.LogError("Delivery problems could not be read: {Problem}", error.Message);
            return None;
        }
    }

    private async Task<DeliveryTrouble> ReadAsync(Viewer viewer)
    {
        var own = db.Deliveries.AsNoTracking().Where(d => d.RecipientId == viewer.Id);
        var failed = await own
            .Where(d => d.State == DeliveryState.Failed && d.AcknowledgedAt == null && !MailKinds.WithLink.Contains(d.Kind))
            .OrderByDescending(d => d.Id).Select(d => new { d.Id, d.LastReply }).Take(100).ToListAsync();
        var lateBefore = time.GetUtcNow() - Late;
        var late = await own.Where(d => d.State == DeliveryState.Waiting && d.Tries > 0 && d.QueuedAt < lateBefore)
            .OrderBy(d => d.QueuedAt).Select(d => (DateTimeOffset?)d.QueuedAt).FirstOrDefaultAsync();
        var signIn = viewer.IsAdministrator
            ? await db.Deliveries.Where(d => d.SignInRefused && d.State == DeliveryState.Waiting)
                .OrderByDescending(d => d.DueAt).Select(d => d.LastReply).FirstOrDefaultAsync()
            : null;
        var last = failed.FirstOrDefault();
        return new DeliveryTrouble(failed.Count, last?.Id ?? 0, last?.LastReply, late, signIn);
    }
}

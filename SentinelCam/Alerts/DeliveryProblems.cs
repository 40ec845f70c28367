using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Alerts;

/// <summary>What somebody who is signed in must know about mails that do not arrive.</summary>
/// <param name="Failed">How many of their mails could not be delivered, and are not put away yet.</param>
/// <param name="LastFailedId">The latest of them.</param>
/// <param name="LastReply">What was said to it.</param>
/// <param name="LateSince">The oldest of their mails that has been waiting for more than an hour was queued then; or null.</param>
/// <param name="SignInReply">For administrators: what the mail server said when it did not let SentinelCam sign in; or null.</param>
public sealed record DeliveryTrouble(int Failed, long LastFailedId, string? LastReply, DateTimeOffset? LateSince, string? SignInReply)
{
    public bool IsAny => Failed > 0 || LateSince is not null || SignInReply is not null;
}

/// <summary>Looks for mails that do not arrive.</summary>
public sealed class DeliveryProblems(SentinelCamDbContext db, TimeProvider time, ILogger<DeliveryProblems> logger)
{
    private static readonly TimeSpan Late = TimeSpan.FromHours(1);
    private static readonly DeliveryTrouble None = new(0, 0, null, null, null);

    /// <summary>Never fails: it stands on every page, also on the one that tells of an error of the database.</summary>
    public async Task<DeliveryTrouble> FindAsync(Viewer viewer)
    {
        try
        {
            return await ReadAsync(viewer);
        }
        catch (Exception error) when (error is DbException or InvalidOperationException)
        {
            logger.LogError("Mails that do not arrive could not be looked for: {Problem}", error.Message);
            return None;
        }
    }

    private async Task<DeliveryTrouble> ReadAsync(Viewer viewer)
    {
        var own = db.Deliveries.AsNoTracking().Where(d => d.RecipientId == viewer.Id);
        var failed = await own.Where(d => d.State == DeliveryState.Failed && d.AcknowledgedAt == null && d.Kind != MailKind.ConfirmRecipient)
            .OrderByDescending(d => d.Id).Select(d => new { d.Id, d.LastReply }).Take(100).ToListAsync();
        var lateBefore = time.GetUtcNow() - Late;
        var late = await own.Where(d => d.State == DeliveryState.Waiting && d.Tries > 0 && d.QueuedAt < lateBefore)
            .OrderBy(d => d.QueuedAt).Select(d => (DateTimeOffset?)d.QueuedAt).FirstOrDefaultAsync();
        var signIn = viewer.IsAdministrator
            ? await db.Deliveries.Where(d => d.SignInRefused && d.State == DeliveryState.Waiting).OrderByDescending(d => d.DueAt).Select(d => d.LastReply).FirstOrDefaultAsync()
            : null;
        return new DeliveryTrouble(failed.Count, failed.Count > 0 ? failed[0].Id : 0, failed.Count > 0 ? failed[0].LastReply : null, late, signIn);
    }
}

using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Watch;

internal static class MailFlow
{
    /// <summary>
    /// Finds out whether mails leave: they do not if the newest one that was tried and still waits is newer than the last one
    /// that was accepted. One recipient whose mails are refused for now is no trouble while others' arrive.
    /// </summary>
    /// <returns>The mail server's reply to the newest one that waits; null if mails leave or none is to be sent.</returns>
    public static async Task<string?> FindRefusalAsync(this SentinelCamDbContext db, CancellationToken cancellationToken)
    {
        // The running try of one that is being sent says nothing yet
        var waiting = await db.Deliveries
            .Where(d => (d.State == DeliveryState.Waiting && d.Tries > 0) || (d.State == DeliveryState.Sending && d.Tries > 1))
            .OrderByDescending(d => d.QueuedAt).Select(d => new { d.QueuedAt, d.LastReply })
            .FirstOrDefaultAsync(cancellationToken);
        if (waiting is null)
            return null;
        // An accepted mail is never due earlier than it was accepted: that lets the index skip all older ones
        return await db.Deliveries.AnyAsync(
            d => d.State == DeliveryState.Accepted && d.DueAt > waiting.QueuedAt && d.AcceptedAt > waiting.QueuedAt,
            cancellationToken) ? null : waiting.LastReply ?? "The last try failed.";
    }
}

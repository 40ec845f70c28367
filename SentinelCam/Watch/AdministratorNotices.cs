using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Alerts;
using SentinelCam.Data;

namespace SentinelCam.Watch;

/// <summary>Mails about SentinelCam itself to all administrators.</summary>
public sealed class AdministratorNotices(SentinelCamDbContext db, DeliveryPlan deliveries)
{
    /// <summary>Adds a mail for each administrator to the caller's transaction.</summary>
    /// <param name="kind">The kind of notice.</param>
    /// <param name="subject">What happened, in a few words.</param>
    /// <param name="text">The paragraphs, with times in the administrator's zone.</param>
    /// <returns>The deliveries; empty if there is no administrator.</returns>
    public async Task<IReadOnlyList<Delivery>> AddAsync(
        MailKind kind, string subject, Func<TimeZoneInfo, IEnumerable<string>> text)
    {
        var added = new List<Delivery>();
        foreach (var administrator in await db.Administrators().Select(a => new { a.Id, a.Email, a.TimeZone }).ToListAsync())
        {
            if (administrator.Email is not { } email)
                continue;
            var delivery = deliveries.AddNotice(kind, administrator.Id, email);
            var lines = text(TimeZones.Find(administrator.TimeZone)).Prepend(subject);
            delivery.Changes = string.Join('\n', lines.Select(line => line.ReplaceLineEndings(" ")));
            added.Add(delivery);
        }

        return added;
    }
}

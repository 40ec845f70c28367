using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Watch;

/// <summary>The troubles that administrators see on every page.</summary>
public sealed class ToldTroubles(SentinelCamDbContext db, ILogger<ToldTroubles> logger)
{
    /// <summary>Never fails, because the result is on every page, including the one that reports a database error.</summary>
    public async Task<IReadOnlyList<Trouble>> FindAsync()
    {
        try
        {
            return await db.Troubles.AsNoTracking().Where(t => t.ToldAt != null).OrderBy(t => t.ToldAt).ToListAsync();
        }
        catch (Exception error) when (error is DbException or InvalidOperationException)
        {
            logger.LogError("Troubles could not be read: {Problem}", error.Message);
            return [];
        }
    }
}

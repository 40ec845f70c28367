using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>The time zone of whoever looks at the page: their own wish, or the server's. Looked up once for each request.</summary>
public sealed class ViewerTime(IHttpContextAccessor http, SentinelCamDbContext db)
{
    private TimeZoneInfo? _zone;

    public async Task<TimeZoneInfo> ZoneAsync()
    {
        if (_zone is not null)
            return _zone;
        if (http.HttpContext?.User is not { Identity.IsAuthenticated: true } user)
            return _zone = TimeZoneInfo.Local;
        var id = Viewer.Of(user).Id;
        return _zone = TimeZones.Find(await db.Users.Where(a => a.Id == id).Select(a => a.TimeZone).SingleOrDefaultAsync());
    }

    /// <summary>A time with its offset: <c>2030-01-01 13:00:00 +01:00</c>.</summary>
    public static string Text(DateTimeOffset time, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(time, zone).ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);
}

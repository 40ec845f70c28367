using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>Times in the viewer's time zone: the one in their settings, or the server's. Looked up once per request.</summary>
public sealed class ViewerTime(IHttpContextAccessor http, SentinelCamDbContext db, TimeProvider time)
{
    private TimeZoneInfo? _zone;

    /// <summary>The viewer's time zone.</summary>
    public async Task<TimeZoneInfo> ZoneAsync()
    {
        if (_zone is not null)
            return _zone;
        if (http.HttpContext?.User is not { Identity.IsAuthenticated: true } user)
            return _zone = TimeZoneInfo.Local;
        var id = Viewer.Of(user).Id;
        return _zone = TimeZones.Find(await db.Users.Where(a => a.Id == id).Select(a => a.TimeZone).SingleOrDefaultAsync());
    }

    /// <summary>A time in that zone, as <see cref="TimeWords.Say"/> writes it.</summary>
    public async Task<string> SayAsync(DateTimeOffset moment, bool seconds) =>
        TimeWords.Say(moment, await ZoneAsync(), time.GetUtcNow(), seconds);

    /// <summary>A time in that zone, as <see cref="TimeWords.Clock"/> writes it.</summary>
    public async Task<string> ClockAsync(DateTimeOffset moment) =>
        TimeWords.Clock(moment, await ZoneAsync(), time.GetUtcNow());

    /// <summary>The day in that zone, as <see cref="TimeWords.DayOf"/> writes it.</summary>
    public async Task<string> DayAsync(DateTimeOffset moment) => TimeWords.DayOf(moment, await ZoneAsync(), time.GetUtcNow());

    /// <summary>The time of day in that zone.</summary>
    public async Task<string> HourAsync(DateTimeOffset moment, bool seconds = false) =>
        TimeWords.Hour(moment, await ZoneAsync(), seconds);

    /// <summary>How long ago a time was, as <see cref="TimeWords.Ago"/> writes it, and in seconds.</summary>
    public async Task<(string Words, long Seconds)> AgoAsync(DateTimeOffset moment)
    {
        var age = time.GetUtcNow() - moment;
        return (TimeWords.Ago(age) ?? await SayAsync(moment, seconds: false), (long)age.TotalSeconds);
    }
}

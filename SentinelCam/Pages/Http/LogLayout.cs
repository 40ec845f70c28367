using SentinelCam.Accounts;
using SentinelCam.Configuration;

namespace SentinelCam.Pages;

/// <summary>How the image log shows its entries.</summary>
public enum LogLayout
{
    List,

    /// <summary>The pictures in a grid.</summary>
    Gallery,
}

/// <summary>The layout that the signed-in account last chose in this browser. Kept in a cookie.</summary>
public sealed class LogLayoutCookie(IHttpContextAccessor http, DataDirectory data)
{
    /// <summary>The longest time that browsers accept.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(400);

    private HttpContext Context => http.HttpContext!;

    /// <summary>Several people may share a browser.</summary>
    private string Name => $"SentinelCam.{data.InstanceName}.Log.{Viewer.Of(Context.User).Id}";

    public LogLayout Layout =>
        Context.Request.Cookies[Name] == nameof(LogLayout.Gallery) ? LogLayout.Gallery : LogLayout.List;

    /// <summary>Remembers a layout.</summary>
    public void Choose(LogLayout layout) => Context.Response.Cookies.Append(Name, layout.ToString(), new CookieOptions
    {
        Path = "/userdata",
        MaxAge = Kept,
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = Context.Request.IsHttps,
    });
}

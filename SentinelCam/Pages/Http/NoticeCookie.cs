using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.Extensions.Options;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>
/// The cookie that carries a notice to the next page. One that cannot be read costs one line, in place of the stack trace that
/// ASP.NET Core would write for each request of anyone who forges it.
/// </summary>
internal sealed class NoticeCookie(
    CookieTempDataProvider cookie, IOptions<CookieTempDataProviderOptions> options, ILogger<NoticeCookie> logger)
    : ITempDataProvider
{
    public IDictionary<string, object> LoadTempData(HttpContext context)
    {
        var values = cookie.LoadTempData(context);
        if (values.Count == 0 && context.Request.Cookies.ContainsKey(options.Value.Cookie.Name!))
        {
            logger.LogWarning(
                "The notice in a cookie from {RemoteAddress} cannot be read and is ignored", Visitor.Of(context).RemoteAddress);
        }

        return values;
    }

    public void SaveTempData(HttpContext context, IDictionary<string, object> values) => cookie.SaveTempData(context, values);
}

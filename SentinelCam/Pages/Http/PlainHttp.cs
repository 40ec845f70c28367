using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>Pages that ask for a password and were not sent over TLS.</summary>
public static class PlainHttp
{
    /// <summary>
    /// Whether a password that is typed on this page can be read on its way: it came over plain HTTP from another machine.
    /// </summary>
    /// <remarks>
    /// What a proxy that is not named says about the scheme is believed here, because a visitor who lies about it only misses the
    /// warning.
    /// </remarks>
    public static bool IsReadable(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return !context.Request.IsHttps && !Visitor.Of(context).IsThisMachine
            && !context.Request.Headers["X-Forwarded-Proto"].ToString().EndsWith("https", StringComparison.OrdinalIgnoreCase);
    }
}

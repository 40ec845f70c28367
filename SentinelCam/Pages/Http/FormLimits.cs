using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>
/// Limits that handlers apply themselves: after the form's token was checked, so that another site cannot use them up with a
/// forged form, as it could with those of <see cref="RateLimits"/>.
/// </summary>
public sealed class FormLimits : IDisposable
{
    /// <summary>How many forgotten passwords one IPv4 address or IPv6 /48 can report within a quarter of an hour.</summary>
    public const int ForgottenPerNetwork = 10;

    private readonly PartitionedRateLimiter<string> _forgotten =
        PerKey(ForgottenPerNetwork, TimeSpan.FromMinutes(15));

    /// <summary>Counts a request for a new password. The limit does not depend on the address that was typed.</summary>
    /// <returns>The answer if there were too many; otherwise null.</returns>
    public IActionResult? RefuseForgotten(PageModel page)
    {
        ArgumentNullException.ThrowIfNull(page);
        return Refuse(page, _forgotten, RemoteNetwork.SiteOf(Visitor.Of(page.HttpContext).RemoteAddress));
    }

    /// <inheritdoc />
    public void Dispose() => _forgotten.Dispose();

    private static PartitionedRateLimiter<string> PerKey(int count, TimeSpan window) =>
        PartitionedRateLimiter.Create<string, string>(key => RateLimitPartition.GetSlidingWindowLimiter(
            key, _ => new SlidingWindowRateLimiterOptions
            {
                PermitLimit = count,
                Window = window,
                SegmentsPerWindow = 10,
                QueueLimit = 0,
            }));

    private static StatusCodeResult? Refuse(PageModel page, PartitionedRateLimiter<string> limiter, string key)
    {
        using var lease = limiter.AttemptAcquire(key);
        if (lease.IsAcquired)
            return null;
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var time) ? time : TimeSpan.FromMinutes(1);
        page.Response.Headers.RetryAfter = ((long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return page.StatusCode(StatusCodes.Status429TooManyRequests);
    }
}

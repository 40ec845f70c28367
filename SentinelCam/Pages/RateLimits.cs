using System.Globalization;
using System.Threading.RateLimiting;
using SentinelCam.Accounts;

namespace SentinelCam.Pages;

/// <summary>
/// Bounds on what costs much: taking pictures, exporting, registering. <c>/login</c> has none, since every failed sign-in must be
/// recorded; what bounds it is the lock-out.
/// </summary>
public static class RateLimits
{
    public const string Capture = "capture";
    public const string Export = "export";
    public const string Register = "register";

    public static void AddRateLimits(this IServiceCollection services) => services.AddRateLimiter(options =>
    {
        options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        options.OnRejected = (context, _) =>
        {
            var wait = context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var time) ? time : TimeSpan.FromSeconds(10);
            context.HttpContext.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            return ValueTask.CompletedTask;
        };
        // Each costs a picture, a mail and a place on the disk
        options.AddPolicy(Capture, context => HttpMethods.IsPost(context.Request.Method)
            ? RateLimitPartition.GetTokenBucketLimiter(AccountOf(context), _ => PerMinute(30))
            : RateLimitPartition.GetNoLimiter(""));
        options.AddPolicy(Export, context => string.Equals(context.Request.Query["handler"].FirstOrDefault(), "Export", StringComparison.OrdinalIgnoreCase)
            ? RateLimitPartition.GetConcurrencyLimiter(AccountOf(context), _ => new ConcurrencyLimiterOptions { PermitLimit = 2 })
            : RateLimitPartition.GetNoLimiter(""));
        // Each costs a hash of a password, whatever comes of it
        options.AddPolicy(Register, context => HttpMethods.IsPost(context.Request.Method)
            ? RateLimitPartition.GetTokenBucketLimiter(context.Connection.RemoteIpAddress?.ToString() ?? "", _ => PerMinute(60))
            : RateLimitPartition.GetNoLimiter(""));
    });

    private static string AccountOf(HttpContext context) =>
        context.User.Identity is { IsAuthenticated: true } ? Viewer.Of(context.User).Id.ToString(CultureInfo.InvariantCulture) : "";

    private static TokenBucketRateLimiterOptions PerMinute(int count) =>
        new() { TokenLimit = count, TokensPerPeriod = count / 10, ReplenishmentPeriod = TimeSpan.FromSeconds(6), QueueLimit = 0 };
}

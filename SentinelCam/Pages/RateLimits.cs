using System.Globalization;
using System.Threading.RateLimiting;
using SentinelCam.Accounts;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>
/// Bounds on what costs much: taking pictures, sending mails again, exporting, registering, guessing the password of an open session.
/// <c>/login</c> has none, since every failed sign-in must be recorded; what bounds it is the time that a password takes to check.
/// </summary>
public static class RateLimits
{
    public const string Capture = "capture";
    public const string Export = "export";
    public const string Register = "register";
    public const string SendAgain = "send-again";
    public const string Password = "password";

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
        options.AddPolicy(Export, context => Names(context, "Export")
            ? RateLimitPartition.GetConcurrencyLimiter(AccountOf(context), _ => new ConcurrencyLimiterOptions { PermitLimit = 2 })
            : RateLimitPartition.GetNoLimiter(""));
        // Each costs a hash of a password, whatever comes of it
        options.AddPolicy(Register, context => HttpMethods.IsPost(context.Request.Method)
            ? RateLimitPartition.GetTokenBucketLimiter(RemoteNetwork.Of(Visitor.Of(context).RemoteAddress), _ => PerMinute(60))
            : RateLimitPartition.GetNoLimiter(""));
        // Mail servers count what is sent in a day: one account must not use up what the others' alerts need
        options.AddPolicy(SendAgain, context => HttpMethods.IsPost(context.Request.Method) && !Names(context, "Acknowledge")
            ? RateLimitPartition.GetTokenBucketLimiter(AccountOf(context), _ => new TokenBucketRateLimiterOptions { TokenLimit = 20, TokensPerPeriod = 1, ReplenishmentPeriod = TimeSpan.FromMinutes(3), QueueLimit = 0 })
            : RateLimitPartition.GetNoLimiter(""));
        // A lock would also keep the owner from changing a password that somebody else guesses at; the bound counts right ones, too
        options.AddPolicy(Password, context => HttpMethods.IsPost(context.Request.Method) && !Names(context, "Alerts", "Recipient", "RemoveRecipient", "EndSessions")
            ? RateLimitPartition.GetSlidingWindowLimiter(AccountOf(context), _ => new SlidingWindowRateLimiterOptions { PermitLimit = SignInPolicy.MaxFailures, Window = SignInPolicy.LockoutTime, SegmentsPerWindow = 10, QueueLimit = 0 })
            : RateLimitPartition.GetNoLimiter(""));
    });

    /// <summary>Whether a request names one of these handlers of its page. With a name that no handler has, the page takes the one without a name.</summary>
    private static bool Names(HttpContext context, params string[] handlers) =>
        handlers.Contains(context.Request.Query["handler"].FirstOrDefault(), StringComparer.OrdinalIgnoreCase);

    private static string AccountOf(HttpContext context) =>
        context.User.Identity is { IsAuthenticated: true } ? Viewer.Of(context.User).Id.ToString(CultureInfo.InvariantCulture) : "";

    private static TokenBucketRateLimiterOptions PerMinute(int count) =>
        new() { TokenLimit = count, TokensPerPeriod = count / 10, ReplenishmentPeriod = TimeSpan.FromSeconds(6), QueueLimit = 0 };
}

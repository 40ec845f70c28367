using System.Globalization;
using System.Threading.RateLimiting;
using SentinelCam.Accounts;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>
/// Limits on what is expensive: taking pictures, sending mails again, exporting, registering, answering the links of mails,
/// and what devices report.
/// <c>/login</c> has no limit here, because every failed sign-in must be recorded; <see cref="HashingSlots"/> bounds what it
/// costs.
/// </summary>
public static class RateLimits
{
    public const string Capture = "capture";
    public const string Export = "export";
    public const string ExportAccount = "export-account";
    public const string Register = "register";
    public const string SendAgain = "send-again";
    public const string MailLink = "mail-link";
    public const string Enrol = "enrol";
    public const string Report = "report";

    /// <summary>Said together with <see cref="SayTooManyWrong"/>.</summary>
    public const string TooManyWrong = "Too many passwords were wrong in this browser, so nothing was compared or changed. "
        + "The failure is recorded like a failed sign-in. Wait five minutes and try again.";

    private static readonly RateLimitPartition<string> Unlimited = RateLimitPartition.GetNoLimiter("");

    public static void AddRateLimits(this IServiceCollection services) => services.AddRateLimiter(options =>
    {
        options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        options.OnRejected = (context, _) =>
        {
            var wait = context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var time) ? time : TimeSpan.FromSeconds(10);
            var seconds = (long)Math.Ceiling(wait.TotalSeconds);
            context.HttpContext.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            return ValueTask.CompletedTask;
        };
        // Each costs a picture, a mail and disk space
        options.AddPolicy(Capture, context => IsPost(context)
            ? RateLimitPartition.GetTokenBucketLimiter(AccountOf(context), _ => PerMinute(30))
            : Unlimited);
        options.AddPolicy(Export, context => HasHandler(context, "Export")
            ? RateLimitPartition.GetConcurrencyLimiter(AccountOf(context), _ => new ConcurrencyLimiterOptions { PermitLimit = 2 })
            : Unlimited);
        // Each reads everything that an account has
        options.AddPolicy(ExportAccount, context => HasHandler(context, "Export")
            ? RateLimitPartition.GetConcurrencyLimiter(AccountOf(context), _ => new ConcurrencyLimiterOptions { PermitLimit = 1 })
            : Unlimited);
        // Each costs the hash of a password
        options.AddPolicy(Register, PostsOfNetwork);
        // Each locks the database
        options.AddPolicy(MailLink, PostsOfNetwork);
        // Each is a guess
        options.AddPolicy(Enrol, PostsOfNetwork);
        // A device that was offline for hours reports hundreds of entries at once
        options.AddPolicy(Report, context => RateLimitPartition.GetTokenBucketLimiter(
            RemoteNetwork.Of(Visitor.Of(context).RemoteAddress), _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = 3_000,
                TokensPerPeriod = 120,
                ReplenishmentPeriod = TimeSpan.FromSeconds(6),
                QueueLimit = 0,
            }));
        // Mail servers limit the mails of a day: one account must not use up what the others' alerts need
        options.AddPolicy(SendAgain, context => IsPost(context) && !HasHandler(context, "Acknowledge")
            ? RateLimitPartition.GetTokenBucketLimiter(AccountOf(context), _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = 20,
                TokensPerPeriod = 1,
                ReplenishmentPeriod = TimeSpan.FromMinutes(3),
                QueueLimit = 0,
            })
            : Unlimited);
    });

    /// <summary>Sets the status 429 for a password that was not checked, and when to try again.</summary>
    public static void SayTooBusy(this HttpResponse response, TimeSpan? wait = null)
    {
        ArgumentNullException.ThrowIfNull(response);
        response.StatusCode = StatusCodes.Status429TooManyRequests;
        var seconds = Math.Ceiling((wait ?? HashingSlots.Patience).TotalSeconds);
        response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Sets the status 429 for a password in a session with too many wrong ones, and when to try again.</summary>
    public static void SayTooManyWrong(this HttpResponse response)
    {
        ArgumentNullException.ThrowIfNull(response);
        response.StatusCode = StatusCodes.Status429TooManyRequests;
        response.Headers.RetryAfter = SignInPolicy.LockoutTime.TotalSeconds.ToString(CultureInfo.InvariantCulture);
    }

    private static RateLimitPartition<string> PostsOfNetwork(HttpContext context) => IsPost(context)
        ? RateLimitPartition.GetTokenBucketLimiter(RemoteNetwork.Of(Visitor.Of(context).RemoteAddress), _ => PerMinute(60))
        : Unlimited;

    private static bool IsPost(HttpContext context) => HttpMethods.IsPost(context.Request.Method);

    /// <summary>Whether a request names this handler. A page answers an unknown name with its unnamed handler.</summary>
    private static bool HasHandler(HttpContext context, string handler) =>
        string.Equals(context.Request.Query["handler"].FirstOrDefault(), handler, StringComparison.OrdinalIgnoreCase);

    private static string AccountOf(HttpContext context) => context.User.Identity is { IsAuthenticated: true }
        ? Viewer.Of(context.User).Id.ToString(CultureInfo.InvariantCulture)
        : "";

    private static TokenBucketRateLimiterOptions PerMinute(int count) => new()
    {
        TokenLimit = count,
        TokensPerPeriod = count / 10,
        ReplenishmentPeriod = TimeSpan.FromSeconds(6),
        QueueLimit = 0,
    };
}

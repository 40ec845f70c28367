using System.Globalization;
using System.Security.Claims;
using SentinelCam.Visitors;

namespace SentinelCam.Data;

/// <summary>
/// Records what happens to accounts. A line is added to the caller's context, so it is saved with the change that it is about, or
/// not at all.
/// </summary>
public sealed class ActivityLog(SentinelCamDbContext db, IHttpContextAccessor http, TimeProvider time)
{
    /// <summary>How many UTF-8 bytes of a detail are kept.</summary>
    public const int MaxDetailBytes = 192;

    /// <summary>Adds a line. The caller saves it, within the transaction of the change.</summary>
    /// <param name="accountId">The account that it concerns; null: the one that is signed in, if any.</param>
    /// <param name="kind">What happened.</param>
    /// <param name="detail">
    /// What the kind does not say, see <see cref="ActivityKind"/>. Never a secret, and no mail address except
    /// <see cref="Masked">masked</see>: the line outlives the account.
    /// </param>
    /// <param name="by">
    /// Who did it. Null: of a request, the account that is signed in, or a visitor if there is none; otherwise the system. A
    /// sign-in and a mailed link must say it, because another account may be signed in in that browser.
    /// </param>
    /// <param name="visitor">Where it came from, if it is recorded after its request.</param>
    /// <param name="alertId">The alert that it belongs to.</param>
    public void Add(
        long? accountId, ActivityKind kind, string? detail = null, ActivityActor? by = null, Visitor? visitor = null,
        long? alertId = null)
    {
        var context = http.HttpContext;
        visitor ??= context is null ? null : Visitor.Of(context);
        var signedIn = by is null or ActivityActor.Administrator ? IdOf(context?.User) : null;
        accountId ??= signedIn;
        by ??= signedIn is null ? context is null ? ActivityActor.System : ActivityActor.Visitor
            : signedIn == accountId ? ActivityActor.Owner : ActivityActor.Administrator;
        db.Activity.Add(new AccountActivity
        {
            At = time.GetUtcNow(),
            AccountId = accountId,
            Actor = by.Value,
            ActorId = by is ActivityActor.Owner ? accountId : signedIn,
            Kind = kind,
            Detail = VisitorText.CleanToBytes(detail, MaxDetailBytes),
            AlertId = alertId,
            RemoteAddress = visitor?.RemoteAddress ?? "",
            Browser = BrowserWords.Of(visitor?.UserAgent ?? ""),
        });
    }

    /// <summary>A mail address that its owner recognizes: <c>a…@example.org</c>.</summary>
    public static string Masked(string? address)
    {
        if (address?.LastIndexOf('@') is not (> 0 and var at))
            return "";
        return $"{address[..(char.IsSurrogate(address[0]) ? 2 : 1)]}…{address[at..]}";
    }

    private static long? IdOf(ClaimsPrincipal? user) =>
        user?.FindFirstValue(ClaimTypes.NameIdentifier) is { } id ? long.Parse(id, CultureInfo.InvariantCulture) : null;
}

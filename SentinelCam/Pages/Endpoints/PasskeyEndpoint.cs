using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>
/// <c>/passkey_challenge</c>: a challenge for a passkey. <c>passkeys.js</c> asks for it when it is needed, because it expires.
/// </summary>
public static class PasskeyEndpoint
{
    public const string Path = "/passkey_challenge";

    /// <summary>The same for a passkey that follows the password.</summary>
    public const string SecondFactorPath = Path + "/second_factor";

    public static void MapPasskeys(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(Path, AskAsync);
        routes.MapPost(SecondFactorPath, AskForSecondFactorAsync);
    }

    private static async Task<IResult> AskAsync(
        HttpContext context, IAntiforgery antiforgery, PasskeyChallenges challenges, UserManager<Account> accounts)
    {
        // Only those who are signed in are told which passkeys an account has
        var account = await accounts.GetUserAsync(context.User);
        var purpose = account is null ? PasskeyPurpose.SignIn : PasskeyPurpose.Proof(context.CurrentSession());
        return await AnswerAsync(context, antiforgery, challenges, purpose, account);
    }

    /// <summary>Those who have entered the right password are told, too.</summary>
    private static async Task<IResult> AskForSecondFactorAsync(
        HttpContext context, IAntiforgery antiforgery, PasskeyChallenges challenges, SentinelCamDbContext db)
    {
        return await CodeStep.FindAsync(context) is var (accountId, stamp)
            && await db.Users.SingleOrDefaultAsync(a => a.Id == accountId && a.SecurityStamp == stamp) is { } account
            ? await AnswerAsync(context, antiforgery, challenges, PasskeyPurpose.SecondFactor(stamp), account)
            : Results.BadRequest();
    }

    private static async Task<IResult> AnswerAsync(
        HttpContext context, IAntiforgery antiforgery, PasskeyChallenges challenges, PasskeyPurpose purpose, Account? account)
    {
        if (!await antiforgery.IsRequestValidAsync(context) || PasskeyAddress.ProblemOf(context) is not null)
            return Results.BadRequest();
        var challenge = await challenges.AskAsync(purpose, account, context);
        return Results.Json(new { options = JsonNode.Parse(challenge.Options), state = challenge.State });
    }
}

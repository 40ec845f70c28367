using Htmx;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>
/// Asks for the password or a passkey before a sensitive change if neither was given within five minutes: someone who finds an
/// open browser, or has stolen its cookie, cannot make the change.
/// </summary>
/// <remarks>
/// The question is a form that carries the fields of the first one to the same address, so that the answer makes the change.
/// There is no address to return to and nothing is stored. The fields, which can contain a camera's password, go back only to the
/// browser that has sent them.
/// </remarks>
/// <param name="handlers">The methods that need it; without any, all that answer a POST.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class RecentProofAttribute(params string[] handlers) : Attribute, IAsyncPageFilter
{
    /// <summary>The field in which the password arrives.</summary>
    public const string PasswordField = "ProofPassword";

    private const string Question = "/Pages/_Proof.cshtml";

    public Task OnPageHandlerSelectionAsync(PageHandlerSelectedContext context) => Task.CompletedTask;

    /// <remarks>The form token was checked before.</remarks>
    public async Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        var http = context.HttpContext;
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        if (!HttpMethods.IsPost(http.Request.Method) || context.HandlerMethod is not { } method
            || (handlers.Length > 0 && !handlers.Contains(method.MethodInfo.Name)) || http.CurrentSession().IsProved(now))
        {
            await next();
            return;
        }

        var page = (PageModel)context.HandlerInstance;
        var account = await http.RequestServices.GetRequiredService<UserManager<Account>>().GetUserAsync(http.User);
        var form = FormOf(http.Request);
        if (account is null)
            context.Result = page.Challenge();
        else if (PasskeyForm.Read(form) is null && !form.ContainsKey(PasswordField))
            context.Result = await AskAsync(page, account, null);
        else if (await ProblemOfAsync(http, account, form) is { } problem)
            context.Result = await AskAsync(page, account, problem);
        else
            await next();
    }

    /// <returns>Why the change cannot be made; null if it can.</returns>
    private static async Task<string?> ProblemOfAsync(HttpContext http, Account account, IFormCollection form)
    {
        var session = http.CurrentSession();
        var credentials = http.RequestServices.GetRequiredService<CredentialCheck>();
        var passkey = PasskeyForm.Read(form);
        switch (passkey is null
            ? await credentials.ConfirmAsync(account, session, form[PasswordField].ToString(), Visitor.Of(http))
            : await credentials.ConfirmAsync(account, session, passkey, http))
        {
            case CredentialResult.Accepted:
                await http.RequestServices.GetRequiredService<AccountSessions>().ProveAsync(session);
                return null;
            case CredentialResult.Refused:
                return (passkey is null ? "The password is wrong" : "The passkey was not accepted")
                    + ", so nothing was changed. The failure is recorded like a failed sign-in.";
            case CredentialResult.RefusedForNow:
                http.Response.SayTooManyWrong();
                return RateLimits.TooManyWrong;
            case CredentialResult.NotChecked:
                http.Response.SayTooBusy();
                return "Too many passwords wait to be checked right now, so nothing was changed. Try again in a few seconds.";
            default:
                http.Response.SayUnavailable();
                return Unavailable.Advice;
        }
    }

    private static IFormCollection FormOf(HttpRequest request) =>
        request.HasFormContentType ? request.Form : FormCollection.Empty;

    private static async Task<IActionResult> AskAsync(PageModel page, Account account, string? problem)
    {
        var request = page.Request;
        var accounts = page.HttpContext.RequestServices.GetRequiredService<UserManager<Account>>();
        var passkeys = await accounts.GetPasskeysAsync(account);
        var prompt = new ProofPrompt(
            request.Path + request.QueryString, request.Path, account.Email!, passkeys.Count > 0, problem,
            [.. from field in FormOf(request)
                where field.Key is not (PasswordField or PasskeyForm.Answer or PasskeyForm.State or "__RequestVerificationToken")
                from value in field.Value
                select (field.Key, value ?? "")]);
        if (!request.IsHtmx())
        {
            return new ViewResult
            {
                ViewName = Question,
                ViewData = new ViewDataDictionary<ProofPrompt>(page.ViewData, prompt),
                TempData = page.TempData,
            };
        }

        // The question takes the place of the page. Its form is sent without htmx, and leads to a whole page.
        page.Response.Headers["HX-Retarget"] = "#main";
        page.Response.Headers["HX-Reswap"] = "innerHTML show:top";
        return page.Partial(Question, prompt);
    }
}

/// <summary>The question for the password or a passkey.</summary>
/// <param name="Action">Where the answer goes: the address of the change.</param>
/// <param name="Page">The page to return to without the change.</param>
/// <param name="Email">The account.</param>
/// <param name="HasPasskey">Whether the account has a passkey.</param>
/// <param name="Problem">What was wrong with the last answer; null if there was none.</param>
/// <param name="Fields">The fields of the change.</param>
public sealed record ProofPrompt(
    string Action, string Page, string Email, bool HasPasskey, string? Problem,
    IReadOnlyList<(string Name, string Value)> Fields);

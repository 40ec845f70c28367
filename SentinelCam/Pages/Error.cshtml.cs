using System.Diagnostics;
using Htmx;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace SentinelCam.Pages;

/// <summary>Answers a request that failed. The antiforgery check is off, since any request can fail.</summary>
[IgnoreAntiforgeryToken]
[ResponseCache(NoStore = true)]
public sealed class ErrorModel : PageModel
{
    public int Code { get; private set; }

    public string TraceId => Activity.Current?.Id ?? HttpContext.TraceIdentifier;

    public string Heading => Code switch
    {
        400 => "The request could not be understood",
        403 => "Administrators only",
        404 => "Not found",
        405 => "Not possible here",
        413 => "The form was too large",
        429 => "Too many requests",
        503 => "Not possible right now",
        _ => "Something went wrong",
    };

    public string Advice => Code switch
    {
        400 => "Go back, reload the page and try again. A page that has been open for a long time must be reloaded first.",
        403 => "Sign in with an administrator's account, or ask your administrator.",
        404 => "The address is wrong, or what was here has been deleted. Go back and reload the page.",
        405 => "Go to the start page and follow the links from there.",
        413 => "Shorten what you entered and try again.",
        429 => "Wait a few minutes, then try again. Failed sign-ins are still recorded.",
        503 => Unavailable.Advice,
        _ => "Nothing that was recorded is lost. Try again in a minute. If this happens again, "
            + "give the administrator the trace below: it leads to the error in the log.",
    };

    public IActionResult OnGet([FromRoute] int? code) => Show(code);

    /// <summary>Not from the form that failed, which may have a field of this name.</summary>
    public IActionResult OnPost([FromRoute] int? code) => Show(code);

    private IActionResult Show(int? code)
    {
        // Nothing failed if the address was typed by hand: then it is a page that does not exist
        var failed = HttpContext.Features.Get<IStatusCodeReExecuteFeature>() is not null;
        var crashed = HttpContext.Features.Get<IExceptionHandlerFeature>() is not null;
        Code = crashed ? Response.StatusCode : failed ? code ?? 500 : 404;
        Response.StatusCode = Code;
        if (Request.IsHtmx())
        {
            // Shown among the notices. The rest of the page and its address stay as they are.
            Response.Headers["HX-Retarget"] = "#notice";
            Response.Headers["HX-Reswap"] = "innerHTML show:window:top";
            Response.Headers["HX-Reselect"] = "unset";
            Response.Headers["HX-Push-Url"] = "false";
        }

        return this.PageOrPartial("_Problem");
    }
}

using System.Diagnostics;
using Htmx;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace SentinelCam.Pages;

/// <summary>Shown in place of a page that ended with an error. The antiforgery check is off, since the failed request may be any.</summary>
[IgnoreAntiforgeryToken]
[ResponseCache(NoStore = true)]
public sealed class ErrorModel : PageModel
{
    public int Code { get; private set; }

    public string TraceId => Activity.Current?.Id ?? HttpContext.TraceIdentifier;

    public string Heading => Code switch
    {
        400 => "The request could not be understood",
        403 => "This page is not for you",
        404 => "There is no such page",
        405 => "That cannot be done here",
        413 => "That was too much",
        429 => "That was too often",
        _ => "Something went wrong",
    };

    public string Advice => Code switch
    {
        400 => "Go back, reload the page and try again. Pages that were open for very long have to be reloaded.",
        403 => "It needs an administrator's account. Sign in with one, or ask your administrator.",
        404 => "The address is wrong, or what was here has been deleted.",
        405 => "Go to the start page and follow the links from there.",
        413 => "The form was larger than any honest one. Shorten what you entered.",
        429 => "Wait a few minutes, then try again. Failed sign-ins are recorded all the same.",
        _ => "The error is in the log, with the trace below. Nothing that was recorded is lost. Try again in a minute.",
    };

    public IActionResult OnGet(int? code) => Show(code);

    public IActionResult OnPost(int? code) => Show(code);

    private ActionResult Show(int? code)
    {
        // Typed by hand, the address says nothing about an error: it is a page that does not exist
        var failed = HttpContext.Features.Get<IStatusCodeReExecuteFeature>() is not null;
        var crashed = HttpContext.Features.Get<IExceptionHandlerFeature>() is not null;
        Code = crashed ? Response.StatusCode : failed ? code ?? 500 : 404;
        Response.StatusCode = Code;
        Response.Headers.Vary = "HX-Request";
        if (!Request.IsHtmx())
            return Page();
        // Said where notices stand, with the rest of the page left as it is
        Response.Headers["HX-Retarget"] = "#notice";
        Response.Headers["HX-Reswap"] = "innerHTML show:window:top";
        // Whoever asked would select parts of a page from it, and make its address their own
        Response.Headers["HX-Reselect"] = "unset";
        Response.Headers["HX-Push-Url"] = "false";
        return Partial("_Problem", this);
    }
}

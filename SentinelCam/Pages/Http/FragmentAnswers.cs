using Htmx;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace SentinelCam.Pages;

/// <summary>One handler for a page and its live part.</summary>
public static class FragmentAnswers
{
    /// <summary>Answers the whole page, or only a part of it where htmx asks.</summary>
    /// <param name="page">The page.</param>
    /// <param name="partial">The part, which the page itself shows too.</param>
    /// <param name="model">The part's model, if it is not the page.</param>
    public static IActionResult PageOrPartial(this PageModel page, string partial, object? model = null)
    {
        ArgumentNullException.ThrowIfNull(page);
        page.Response.Headers.Vary = "HX-Request";
        return page.Request.IsHtmx() ? page.Partial(partial, model ?? page) : page.Page();
    }
}

using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SentinelCam.Accounts;

namespace SentinelCam.Pages;

/// <summary>What is left to do after the installation. The dashboard shows the same until it is done or dismissed.</summary>
public sealed class FirstStepsModel(FirstSteps steps) : PageModel
{
    public FirstStepsState Steps { get; private set; } = null!;

    public async Task OnGetAsync() => Steps = await steps.FindAsync(Viewer.Of(User));

    public async Task<IActionResult> OnPostDismissAsync()
    {
        await steps.EndAsync(Viewer.Of(User));
        TempData["Notice"] = "The first steps are no longer shown here. They stay under /admin/first_steps.";
        return LocalRedirect("/dashboard");
    }
}

using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace SentinelCam.Tests.Support;

/// <summary>The real browser, Debian's Chromium, without a window. One for all tests; each test takes a context of its own.</summary>
public static class Chromium
{
    private const string Program = "/usr/bin/chromium";

    private static readonly Lazy<Task<IBrowser>> Browser = new(LaunchAsync);

    public static bool IsAvailable => File.Exists(Program);

    public const string Why = "chromium is not installed";

    /// <summary>A fresh profile on the app's address.</summary>
    public static async Task<IBrowserContext> OpenAsync(Uri address, BrowserNewContextOptions? options = null)
    {
        options ??= new BrowserNewContextOptions();
        options.BaseURL = address.ToString();
        var context = await (await Browser.Value).NewContextAsync(options);
        context.SetDefaultTimeout(30_000);
        return context;
    }

    /// <summary>Everything that the browser complains of on a page from now on: errors of scripts, of the security policy, of requests.</summary>
    public static IReadOnlyCollection<string> Complaints(IPage page)
    {
        var complaints = new ConcurrentQueue<string>();
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                complaints.Enqueue($"{page.Url}: {message.Text}");
        };
        page.PageError += (_, error) => complaints.Enqueue($"{page.Url}: {error}");
        return complaints;
    }

    /// <summary>Waits for the page of an address that a click leads to.</summary>
    /// <remarks>Playwright's own WaitForURLAsync misses a load event that comes while it begins to wait.</remarks>
    public static Task ArriveAsync(IPage page, string path) =>
        Assertions.Expect(page).ToHaveURLAsync(new Regex($"^https?://[^/]+{Regex.Escape(path)}$"));

    private static async Task<IBrowser> LaunchAsync()
    {
        Assertions.SetDefaultExpectTimeout(30_000);
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Program,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync",
            ],
        });
        // Playwright's driver, and with it the browser, would outlive a test run that nobody tells to end
        AppDomain.CurrentDomain.ProcessExit += (_, _) => playwright.Dispose();
        return browser;
    }
}

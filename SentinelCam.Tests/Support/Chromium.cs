using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace SentinelCam.Tests.Support;

/// <summary>The real browser, Debian's Chromium, without a window. All tests share one; each test has its own context.</summary>
public static class Chromium
{
    private const string Program = "/usr/bin/chromium";

    private static readonly Lazy<Task<IBrowser>> Browser = new(LaunchAsync);

    /// <summary>Skips the current test where there is no browser.</summary>
    public static void SkipUnlessInstalled() => Assert.SkipUnless(File.Exists(Program), "chromium is not installed");

    /// <summary>A fresh profile on the app's address. Skips the current test where there is no browser.</summary>
    public static async Task<IBrowserContext> OpenAsync(Uri address, BrowserNewContextOptions? options = null)
    {
        SkipUnlessInstalled();
        options ??= new BrowserNewContextOptions();
        options.BaseURL = address.ToString();
        var context = await (await Browser.Value).NewContextAsync(options);
        context.SetDefaultTimeout(30_000);
        return context;
    }

    /// <summary>
    /// Everything the browser complains about on a page from now on: failed scripts, requests and policy violations.
    /// </summary>
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

    /// <summary>Waits for the page that a click leads to.</summary>
    /// <remarks>Playwright's own WaitForURLAsync misses a load event that fires just as it starts to wait.</remarks>
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
        // Otherwise Playwright's driver and the browser outlive the test run
        AppDomain.CurrentDomain.ProcessExit += (_, _) => playwright.Dispose();
        return browser;
    }
}

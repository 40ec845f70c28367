using Deque.AxeCore.Commons;
using Hangfire;
using Hangfire.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>Hangfire's own pages beside those of the site.</summary>
public class HangfireColoursTests(HouseOfPictures house) : IClassFixture<HouseOfPictures>
{
    private static readonly AxeRunOptions Contrast = new()
    {
        RunOnly = new RunOnlyOptions { Type = "rule", Values = ["color-contrast"] },
    };

    [Fact]
    public async Task Hangfire_pages_use_the_sites_colours_and_have_enough_contrast()
    {
        await using var browser = await house.OpenAsync();
        var page = await browser.NewPageAsync();
        await RunHourlyJobsAsync();
        var faults = new List<string>();
        foreach (var path in new[] { "/hangfire", "/hangfire/jobs/succeeded", "/hangfire/recurring", "/hangfire/servers" })
        {
            await page.GotoAsync(path);
            foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await AccessiblePagesTests.UseAsync(page, scheme);
                await Assertions.Expect(page.Locator(".navbar").First).ToHaveCSSAsync("background-color", "rgb(15, 92, 110)");
                var found = await AccessiblePagesTests.FaultsAsync(page, Contrast);
                faults.AddRange(found.Select(fault => $"{path} {scheme} {fault}"));
                await AccessiblePagesTests.SaveAsync(page, $"jobs{path.Replace('/', '_')}-{scheme}");
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    /// <summary>Afterwards the list of recurring jobs shows how the last run ended, as after the first full hour.</summary>
    private async Task RunHourlyJobsAsync()
    {
        var jobs = house.App.Services.GetRequiredService<IRecurringJobManager>();
        using var connection = house.App.Services.GetRequiredService<JobStorage>().GetConnection();
        List<RecurringJobDto> recurring = [];
        await Eventually.TrueAsync(() => (recurring = connection.GetRecurringJobs()).Count > 0);
        recurring.ForEach(job => jobs.Trigger(job.Id));
        await Eventually.TrueAsync(() => connection.GetRecurringJobs().TrueForAll(job => job.LastJobState == "Succeeded"));
    }
}

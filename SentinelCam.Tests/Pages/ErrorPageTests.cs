using System.Net;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>What a visitor sees of an error, and what stays hidden.</summary>
public class ErrorPageTests(Household household) : IClassFixture<Household>
{
    private readonly SentinelCamApp _app = household.App;

    [Fact]
    public async Task Crashed_page_shows_a_trace_to_quote_and_no_internals()
    {
        await RenameAsync("ImageLog", "Lost");
        try
        {
            var page = await household.Bob.GetAsync("/userdata");
            Assert.Equal(HttpStatusCode.InternalServerError, page.Status);
            Assert.Contains("Something went wrong", page.Main, StringComparison.Ordinal);
            Assert.NotEmpty(page.Document.QuerySelector("code")!.TextContent);
            Assert.DoesNotContain("Exception", page.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("ImageLog", page.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", page.Text, StringComparison.Ordinal);
            Assert.Contains("default-src 'self'", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
            Assert.Contains("no such table: ImageLog", _app.Log(), StringComparison.Ordinal);
        }
        finally
        {
            await RenameAsync("Lost", "ImageLog");
        }

        Assert.Equal(HttpStatusCode.OK, (await household.Bob.GetAsync("/userdata")).Status);
    }

    [Fact]
    public async Task Health_is_503_without_details_while_jobs_cannot_be_stored()
    {
        await SetVersionOfJobsAsync(3);
        household.Clock.Advance(TimeSpan.FromMinutes(1));
        try
        {
            ForgetLastProbe();
            var answer = await household.Nobody.GetAsync("/healthz");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
            Assert.Equal("unhealthy\n", answer.Text);
            Assert.Contains("jobs: ", (await household.Ann.GetAsync("/healthz")).Text, StringComparison.Ordinal);
            Assert.DoesNotContain("jobs: ok", (await household.Ann.GetAsync("/healthz")).Text, StringComparison.Ordinal);
        }
        finally
        {
            await SetVersionOfJobsAsync(2);
            household.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        ForgetLastProbe();
        Assert.Equal(HttpStatusCode.OK, (await household.Nobody.GetAsync("/healthz")).Status);
    }

    /// <summary>The probe answers from memory for three seconds.</summary>
    private void ForgetLastProbe() => household.Clock.Advance(TimeSpan.FromSeconds(5));

    [Theory]
    [InlineData("/no-such-page", HttpStatusCode.NotFound, "Not found")]
    [InlineData("/error", HttpStatusCode.NotFound, "Not found")]
    [InlineData("/error/500", HttpStatusCode.NotFound, "Not found")]
    [InlineData("/snapshots/9223372036854775808", HttpStatusCode.NotFound, "Not found")]
    [InlineData("/delete_log/0", HttpStatusCode.NotFound, "Not found")]
    [InlineData("/delete_log/-1", HttpStatusCode.NotFound, "Not found")]
    [InlineData("/admin/accounts", HttpStatusCode.Forbidden, "Administrators only")]
    [InlineData("/hangfire", HttpStatusCode.Forbidden, "Administrators only")]
    public async Task Error_page_says_what_to_do(string path, HttpStatusCode status, string heading)
    {
        var page = await household.Bob.GetAsync(path);

        Assert.Equal(status, page.Status);
        Assert.Contains(heading, page.Main, StringComparison.Ordinal);
        Assert.NotNull(page.Document.QuerySelector("main a[href='/']"));
    }

    private Task<int> RenameAsync(string from, string to)
    {
        var sql = $"ALTER TABLE \"{from}\" RENAME TO \"{to}\"";
        return _app.ReadAsync(db => db.Database.ExecuteSqlRawAsync(sql));
    }

    private async Task SetVersionOfJobsAsync(int version)
    {
        await using var jobs = new SqliteConnection($"Data Source={Path.Combine(_app.DataDirectory, "jobs.db")};Pooling=False");
        await jobs.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = jobs.CreateCommand();
        command.CommandText = $"PRAGMA user_version = {version}";
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}

using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>Requests that no page of the site makes are answered, and none of them is an unhandled error.</summary>
public class MethodTests(Household household) : IClassFixture<Household>
{
    private static readonly string[] Paths =
    [
        "/", "/login", "/register", "/logout", "/error", "/error/500", "/confirm_recipient", "/was_it_you", "/dashboard",
        "/dashboard/events", "/alerts", "/alerts/1", "/alerts/0", "/userdata", "/userdata/1", "/userdata/0", "/capture",
        "/capture?id=1", "/delete_log", "/delete_log/1", "/send_again/1", "/test_alert", "/settings", "/settings/security",
        "/settings/sessions", "/snapshots/1", "/forgot_password", "/reset_password", "/confirm_address",
        "/undo_address", "/settings/address", "/settings/activity", "/settings/data", "/invitation", "/healthz", "/admin",
        "/admin/accounts", "/admin/accounts/1", "/admin/activity", "/admin/camera", "/admin/device",
        "/admin/mail", "/admin/nodes", "/admin/first_steps", "/admin/mail?name=x", "/hangfire", "/hangfire/stats", "/site.css",
        "/no-such-page",
    ];

    [Theory]
    [InlineData("TRACE")]
    [InlineData("OPTIONS")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    [InlineData("PROPFIND")]
    [InlineData("FOO")]
    public async Task Other_methods_are_not_allowed_anywhere(string method)
    {
        var before = household.App.Log().Length;
        foreach (var visitor in new[] { household.Ann, household.Nobody })
        {
            foreach (var path in Paths)
            {
                var answer = await RawHttp.SendAsync(household.App.Address,
                    $"{method} {path} HTTP/1.1\r\nHost: {household.App.Address.Authority}\r\nConnection: close\r\n"
                    + $"Cookie: {visitor.CookiesFor(household.App.Address)}\r\n\r\n");
                Assert.StartsWith("HTTP/1.1 405 ", answer, StringComparison.Ordinal);
                Assert.Contains("Allow: GET, HEAD, POST", answer, StringComparison.Ordinal);
                Assert.Contains("Not possible here", answer, StringComparison.Ordinal);
            }
        }

        Assert.DoesNotContain(" ERR ", household.App.Log()[before..], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/")]
    [InlineData("/login")]
    [InlineData("/site.css")]
    public async Task Head_is_answered_as_get_is(string path)
    {
        var get = await household.Nobody.GetAsync(path);
        var head = await household.Nobody.SendAsync("HEAD", path);

        Assert.Equal(get.Status, head.Status);
        Assert.Equal(get.Headers["Content-Type"], head.Headers["Content-Type"]);
        Assert.Empty(head.Body);
    }

    [Fact]
    public async Task Head_of_a_health_that_fails_is_503()
    {
        await using var app = await SentinelCamApp.StartAsync(TestClock.AtNoon(), Household.CheapPasswords);
        using var visitor = app.Visit();
        Assert.Equal(HttpStatusCode.OK, (await visitor.SendAsync("HEAD", "/healthz")).Status);
        await using var other = await SentinelCamApp.StartAsync();
        Directory.Delete(Path.Combine(other.DataDirectory, "outbox"));
        using var unlucky = other.Visit();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await unlucky.SendAsync("HEAD", "/healthz")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/stats")]
    [InlineData("/retries")]
    [InlineData("/recurring")]
    [InlineData("/recurring/remove")]
    [InlineData("/recurring/trigger")]
    [InlineData("/servers")]
    [InlineData("/jobs/enqueued")]
    [InlineData("/jobs/enqueued/no-such-queue")]
    [InlineData("/jobs/enqueued/fetched/no-such-queue")]
    [InlineData("/jobs/enqueued/mails?from=-1&count=0")]
    [InlineData("/jobs/enqueued/mails?from=99999999999999&count=x")]
    [InlineData("/jobs/processing?from=-5&count=-5")]
    [InlineData("/jobs/scheduled?from=x")]
    [InlineData("/jobs/succeeded?from=0&count=0")]
    [InlineData("/jobs/deleted?count=100000000")]
    [InlineData("/jobs/failed")]
    [InlineData("/jobs/awaiting")]
    [InlineData("/jobs/details/1")]
    [InlineData("/jobs/details/abc")]
    [InlineData("/jobs/details/99999999999999999999")]
    [InlineData("/jobs/details/-1")]
    [InlineData("/jobs/details/00000000-0000-0000-0000-000000000000")]
    [InlineData("/jobs/actions/requeue/abc")]
    [InlineData("/jobs/enqueued/delete")]
    [InlineData("/jobs/failed/requeue")]
    [InlineData("/no-such-page")]
    public async Task Paths_of_the_jobs_dashboard_answer(string path)
    {
        var before = household.App.Log().Length;
        var token = (await household.Ann.GetAsync("/settings")).Token;

        var get = await household.Ann.GetAsync("/hangfire" + path);
        var form = await household.Ann.PostAsync("/hangfire" + path, [new("__RequestVerificationToken", token)]);
        var post = await household.Ann.SendAsync("POST", "/hangfire" + path, ("RequestVerificationToken", token));

        foreach (var answer in new[] { get, form, post })
            Assert.True((int)answer.Status < 500, $"{(int)answer.Status}\n{answer.Text}\n{household.App.Log()[before..]}");
        Assert.DoesNotContain(" ERR ", household.App.Log()[before..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Account_that_was_removed_a_moment_ago_is_signed_out_everywhere()
    {
        var before = household.App.Log().Length;
        foreach (var (path, post) in new[]
                 {
                     ("/capture", true), ("/dashboard", false), ("/userdata", false), ("/userdata?handler=Export", false),
                     ("/alerts", false), ("/alerts/1", false), ("/alerts/1?handler=Answer", true),
                     ("/settings?handler=Alerts", true), ("/settings/security", true),
                     ("/settings/sessions?handler=EndSessions", true), ("/settings?handler=Recipient", true),
                     ("/settings/data?handler=Export", true), ("/settings/data?handler=Delete", true),
                     ("/delete_log/1", true), ("/send_again/1", true), ("/snapshots/1", false),
                 })
        {
            var id = await household.App.AddAccountAsync("Zoe", "zoe@example.org");
            using var zoe = await household.App.VisitAsAsync("zoe@example.org");
            var token = (await zoe.GetAsync("/settings")).Token;
            await household.App.ReadAsync(db => db.Users.Where(a => a.Id == id).ExecuteDeleteAsync());

            var answer = post
                ? await zoe.PostAsync(path, [new("__RequestVerificationToken", token)])
                : await zoe.GetAsync(path);

            // A form belongs to the session that has ended
            Assert.True(answer.Path == "/login" || answer.Status == HttpStatusCode.BadRequest, $"{path}: {answer.Status}");
            Assert.Equal("/login", (await zoe.GetAsync("/dashboard")).Path);
        }

        Assert.DoesNotContain(" ERR ", household.App.Log()[before..], StringComparison.Ordinal);
    }
}

using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Pages;

/// <summary>Expensive requests are limited; attempts, which must be recorded, are not.</summary>
public class RateLimitTests(Household household) : IClassFixture<Household>
{
    [Fact]
    public async Task Captures_are_limited_per_account()
    {
        var page = await household.Bob.GetAsync("/capture");
        WebAnswer answer;
        var allowed = 0;
        do
        {
            answer = await household.Bob.PostAsync(
                "/capture", [new("__RequestVerificationToken", page.Token)], ("HX-Request", "true"));
            allowed += answer.Status == HttpStatusCode.OK ? 1 : 0;
        }
        while (answer.Status == HttpStatusCode.OK && allowed < 500);

        Assert.InRange(allowed, 30, 499);
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.Status);
        Assert.True(answer.Headers.ContainsKey("Retry-After"));
        Assert.Equal("#notice", answer.Headers["HX-Retarget"]);
        Assert.Contains("Too many requests", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("<html", answer.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await household.Bob.GetAsync("/capture")).Status);
        Assert.Equal(HttpStatusCode.OK, (await household.Eve.SubmitAsync("/capture", new { })).Status);
    }

    [Fact]
    public async Task Registrations_are_limited_per_address_and_every_failed_sign_in_is_recorded()
    {
        using var visitor = household.App.Visit();
        var register = await visitor.GetAsync("/register");
        WebAnswer answer;
        var allowed = 0;
        do
        {
            answer = await visitor.PostAsync("/register", [new("__RequestVerificationToken", register.Token)]);
            allowed += answer.Status == HttpStatusCode.OK ? 1 : 0;
        }
        while (answer.Status == HttpStatusCode.OK && allowed < 1_000);
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.Status);
        Assert.Contains("Too many requests", answer.Main, StringComparison.Ordinal);
        Assert.NotNull(answer.Document.QuerySelector("main code"));

        var login = await visitor.GetAsync("/login");
        for (var i = 0; i < 80; i++)
            Assert.Equal(HttpStatusCode.OK,
                (await visitor.SubmitAsync(login, new { Email = "flood@example.org", Password = "a wrong password" })).Status);
        Assert.Equal(
            80, await household.App.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.AccountTyped == "flood@example.org")));
    }

    [Theory]
    [InlineData("/was_it_you")]
    [InlineData("/confirm_recipient")]
    public async Task Answers_to_links_of_mails_are_limited_per_network(string path)
    {
        using var visitor = household.App.Visit();
        var token = (await visitor.GetAsync("/login")).Token;
        var status = HttpStatusCode.NotFound;
        for (var i = 0; i < 1_000 && status is HttpStatusCode.NotFound; i++)
        {
            status = (await visitor.PostAsync(
                path, [new("__RequestVerificationToken", token), new("Token", "x"), new("Answer", "NotMe")])).Status;
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.Equal(HttpStatusCode.NotFound, (await visitor.GetAsync(path)).Status);
    }

    [Fact]
    public async Task Resent_mails_are_limited_however_the_URL_is_written()
    {
        var token = new KeyValuePair<string, string>(
            "__RequestVerificationToken", (await household.Eve.GetAsync("/settings")).Token);
        for (var i = 0; i < 20; i++)
            Assert.Equal(HttpStatusCode.NotFound, (await household.Eve.PostAsync($"/send_again/{i + 1_000}", [token])).Status);

        foreach (var query in new[] { "", "?handler=", "?handler=nobodys" })
            Assert.Equal(
                HttpStatusCode.TooManyRequests, (await household.Eve.PostAsync("/send_again/1000" + query, [token])).Status);
        Assert.Equal(HttpStatusCode.OK, (await household.Eve.PostAsync("/send_again/1000?handler=Acknowledge", [token])).Status);
        var anns = new KeyValuePair<string, string>(
            "__RequestVerificationToken", (await household.Ann.GetAsync("/settings")).Token);
        Assert.Equal(HttpStatusCode.NotFound, (await household.Ann.PostAsync("/send_again/1000", [anns])).Status);
    }

    [Fact]
    public async Task Registrations_of_one_IPv6_network_share_a_limit()
    {
        await using var app = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, ("ForwardedHeaders_Enabled", "true"));
        using var visitor = app.Visit();
        var register = await visitor.GetAsync("/register");
        WebAnswer answer;
        var allowed = 0;
        do
        {
            answer = await PostFromAsync($"2001:db8:1:2::{allowed + 1:x}");
            allowed += answer.Status == HttpStatusCode.OK ? 1 : 0;
        }
        while (answer.Status == HttpStatusCode.OK && allowed < 500);

        Assert.InRange(allowed, 60, 499);
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.Status);
        Assert.Equal(HttpStatusCode.OK, (await PostFromAsync("2001:db8:1:3::1")).Status);

        Task<WebAnswer> PostFromAsync(string address) =>
            visitor.PostAsync("/register", [new("__RequestVerificationToken", register.Token)], ("X-Forwarded-For", address));
    }
}

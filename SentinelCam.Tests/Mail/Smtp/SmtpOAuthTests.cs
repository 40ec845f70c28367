using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using SentinelCam.Alerts;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Mail;

/// <summary>Sign-in with XOAUTH2 and tokens from an endpoint.</summary>
public sealed class SmtpOAuthTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Token_signs_in_and_is_cached_until_shortly_before_it_expires()
    {
        await using var endpoint = await TokenServer.StartAsync();
        await using var server = ScriptedSmtpServer.Start(Script());

        Assert.Equal(MailResult.Accepted, (await SendAsync(server, endpoint)).Result);
        Assert.Contains(SignIn("access-1"), server.Dialogue);
        var request = Assert.Single(endpoint.Requests);
        Assert.Equal(
            ("refresh_token", "my-client", "my-secret", "my-refresh"),
            (request["grant_type"], request["client_id"], request["client_secret"], request["refresh_token"]));

        using var tokens = new SmtpAccessTokens(Options(endpoint), _time, new ValuesInMemory());
        Assert.Equal("access-2", await tokens.GetAsync(Cancel));
        _time.Advance(TimeSpan.FromMinutes(54));
        Assert.Equal("access-2", await tokens.GetAsync(Cancel));
        // The token expires after an hour and is renewed five minutes earlier
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("access-3", await tokens.GetAsync(Cancel));
    }

    [Theory]
    [InlineData("\"3599\"", 3599)]
    [InlineData("\" 3600 \"", 3600)]
    [InlineData("3599.5", 3599)]
    [InlineData("3.6e3", 3600)]
    [InlineData("99999999999", 86400)]
    [InlineData("\"soon\"", 3600)]
    [InlineData("\"\"", 3600)]
    [InlineData("null", 3600)]
    [InlineData("0", 3600)]
    [InlineData("-1", 3600)]
    [InlineData("true", 3600)]
    [InlineData("[3599]", 3600)]
    [InlineData("{\"seconds\":3599}", 3600)]
    public async Task Unusual_lifetime_is_understood_or_taken_for_an_hour(string lifetime, int seconds)
    {
        await using var endpoint = await TokenServer.StartAsync();
        endpoint.Answer = number => (200, $"{{\"access_token\":\"access-{number}\",\"expires_in\":{lifetime}}}");
        using var tokens = new SmtpAccessTokens(Options(endpoint), _time, new ValuesInMemory());

        Assert.Equal("access-1", await tokens.GetAsync(Cancel));
        _time.Advance(TimeSpan.FromSeconds(seconds) - SmtpAccessTokens.RenewalMargin - TimeSpan.FromSeconds(1));
        Assert.Equal("access-1", await tokens.GetAsync(Cancel));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("access-2", await tokens.GetAsync(Cancel));
    }

    [Theory]
    [InlineData(200, """{"access_token":"access-1"}""")]
    [InlineData(201, """{"access_token":"access-1","token_type":7,"scope":null}""")]
    [InlineData(200, "\uFEFF{\"access_token\":\"access-1\",\"refresh_token\":null}")]
    public async Task Unusual_answer_with_a_token_is_accepted(int status, string body)
    {
        await using var endpoint = await TokenServer.StartAsync();
        endpoint.Answer = _ => (status, body);
        using var tokens = new SmtpAccessTokens(Options(endpoint), _time, new ValuesInMemory());

        Assert.Equal("access-1", await tokens.GetAsync(Cancel));
    }

    [Fact]
    public async Task Temporary_failure_of_the_sign_in_keeps_the_token()
    {
        await using var endpoint = await TokenServer.StartAsync();
        await using var server = ScriptedSmtpServer.Start(Script().Reply(SmtpStage.Auth, "454 4.7.0 try later"), Script());
        await using var transport = Transport(server, endpoint);

        Assert.False((await transport.SendAsync(AlertMessage.Compose(Mails.Content()), Cancel)).SignInRefused);
        await transport.SendAsync(AlertMessage.Compose(Mails.Content()), Cancel);

        Assert.Single(endpoint.Requests);
    }

    [Fact]
    public async Task Concurrent_mails_request_one_token()
    {
        await using var endpoint = await TokenServer.StartAsync();
        using var tokens = new SmtpAccessTokens(Options(endpoint), _time, new ValuesInMemory());

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => tokens.GetAsync(Cancel)));

        Assert.Single(endpoint.Requests);
    }

    [Fact]
    public async Task New_refresh_token_replaces_the_old_one()
    {
        await using var endpoint = await TokenServer.StartAsync();
        endpoint.Answer = number =>
            (200, $$"""{"access_token":"a{{number}}","expires_in":60,"refresh_token":"next-{{number}}"}""");
        var values = new ValuesInMemory();
        using var tokens = new SmtpAccessTokens(Options(endpoint), _time, values);
        using var elsewhere = new SmtpAccessTokens(Options(endpoint), _time, values);
        using var configured = new SmtpAccessTokens(Options(endpoint) with { RefreshToken = "renewed" }, _time, values);

        await tokens.GetAsync(Cancel);
        _time.Advance(TimeSpan.FromMinutes(1));
        await tokens.GetAsync(Cancel);
        // Another node, and one whose administrator has configured another token since
        await elsewhere.GetAsync(Cancel);
        await configured.GetAsync(Cancel);

        Assert.Equal(
            ["my-refresh", "next-1", "next-2", "renewed"], endpoint.Requests.Select(request => request["refresh_token"]));
    }

    [Fact]
    public async Task Refresh_token_that_one_node_got_is_used_by_another_and_is_stored_encrypted()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var endpoint = await TokenServer.StartAsync();
        endpoint.Answer = number => (200, $$"""{"access_token":"a{{number}}","refresh_token":"next-{{number}}"}""");
        var database = await PostgresServer.NewDatabaseAsync();
        await using var lobby = await SentinelCamApp.StartAsync([.. database, ("Node:Name", "lobby")]);
        await using var office = await SentinelCamApp.StartAsync([.. database, ("Node:Name", "office")]);
        foreach (var node in new[] { lobby, office, lobby })
        {
            using var tokens = new SmtpAccessTokens(Options(endpoint), _time, node.Services.GetRequiredService<ISharedValues>());
            await tokens.GetAsync(Cancel);
        }

        Assert.Equal(["my-refresh", "next-1", "next-2"], endpoint.Requests.Select(request => request["refresh_token"]));
        Assert.DoesNotContain("next-", await PostgresServer.ReadAsync<string>(
            database, """SELECT string_agg("ProtectedValue", ' ') FROM "SharedRows" """), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refresh_token_that_cannot_be_stored_yet_is_used_and_stored_later()
    {
        await using var endpoint = await TokenServer.StartAsync();
        endpoint.Answer = number =>
            (200, $$"""{"access_token":"a{{number}}","expires_in":60,"refresh_token":"next-{{number}}"}""");
        var values = new ValuesOfFailingDatabase { Fails = true };
        using var tokens = new SmtpAccessTokens(Options(endpoint), _time, values);
        using var elsewhere = new SmtpAccessTokens(Options(endpoint), _time, values);

        Assert.Equal("a1", await tokens.GetAsync(Cancel));
        values.Fails = false;
        _time.Advance(TimeSpan.FromMinutes(1));
        await tokens.GetAsync(Cancel);
        await elsewhere.GetAsync(Cancel);

        Assert.Equal(["my-refresh", "next-1", "next-2"], endpoint.Requests.Select(request => request["refresh_token"]));
    }

    [Fact]
    public async Task Rejected_token_is_not_used_again()
    {
        await using var endpoint = await TokenServer.StartAsync();
        await using var server = ScriptedSmtpServer.Start(Script().Reply(SmtpStage.Auth, "535 5.7.8 bad token"), Script());
        await using var transport = Transport(server, endpoint);

        var refused = await transport.SendAsync(AlertMessage.Compose(Mails.Content()), Cancel);
        Assert.Equal((MailResult.TryAgain, true), (refused.Result, refused.SignInRefused));
        Assert.Contains("consent", refused.Remedy, StringComparison.Ordinal);

        Assert.Equal(MailResult.Accepted, (await transport.SendAsync(AlertMessage.Compose(Mails.Content()), Cancel)).Result);
        Assert.Contains(SignIn("access-2"), server.Dialogue);
    }

    [Theory]
    [InlineData(400, """{"error":"invalid_grant","error_description":"Token has been expired or revoked."}""",
        "invalid_grant Token has been expired or revoked.", true)]
    [InlineData(503, """{"error":"temporarily_unavailable"}""", "503 temporarily_unavailable", false)]
    [InlineData(200, """{"token_type":"Bearer"}""", "no access token", false)]
    [InlineData(200, "<html>captive portal</html>", "No access token", false)]
    [InlineData(200, """["access_token"]""", "no access token", false)]
    [InlineData(302, "{}", "302", false)]
    public async Task Missing_token_is_retried_without_showing_a_secret(int status, string body, string words, bool refused)
    {
        await using var endpoint = await TokenServer.StartAsync();
        endpoint.Answer = _ => (status, body);
        await using var server = ScriptedSmtpServer.Start(Script());

        var outcome = await SendAsync(server, endpoint);

        Assert.Equal((MailResult.TryAgain, refused), (outcome.Result, outcome.SignInRefused));
        Assert.Contains(words, outcome.Reply, StringComparison.Ordinal);
        Assert.NotNull(outcome.Remedy);
        Assert.DoesNotContain("my-secret", outcome.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("my-refresh", outcome.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(server.Dialogue, line => line.StartsWith("C: AUTH", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("smtp.gmail.com", "https://oauth2.googleapis.com/token")]
    [InlineData("smtp.office365.com", "https://login.microsoftonline.com/common/oauth2/v2.0/token")]
    public void Endpoints_of_Google_and_Microsoft_are_built_in(string host, string endpoint)
    {
        var options = Read($"Host={host}", "UserName=cam@example.org",
            "OAuth:ClientId=id", "OAuth:ClientSecret=hush", "OAuth:RefreshToken=quiet");

        Assert.True(options.HasCredentials);
        Assert.Equal(endpoint, options.OAuth!.TokenEndpoint.ToString());
        foreach (var words in new[] { options.ToString(), options.OAuth.ToString() })
        {
            Assert.DoesNotContain("hush", words, StringComparison.Ordinal);
            Assert.DoesNotContain("quiet", words, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Smtp:OAuth:ClientId", "OAuth:ClientSecret=hush", "OAuth:RefreshToken=quiet")]
    [InlineData("Smtp:OAuth:ClientSecret", "OAuth:ClientId=id", "OAuth:RefreshToken=quiet")]
    [InlineData("Smtp:OAuth:RefreshToken", "OAuth:ClientId=id", "OAuth:ClientSecret=hush")]
    [InlineData("Smtp:OAuth:TokenEndpoint", "OAuth:ClientId=id", "OAuth:ClientSecret=hush", "OAuth:RefreshToken=quiet")]
    [InlineData("Smtp:OAuth:TokenEndpoint",
        "OAuth:ClientId=id", "OAuth:ClientSecret=hush", "OAuth:RefreshToken=quiet",
        "OAuth:TokenEndpoint=http://token.example.org/")]
    [InlineData("Smtp:OAuth:TokenEndpoint",
        "OAuth:ClientId=id", "OAuth:ClientSecret=hush", "OAuth:RefreshToken=quiet",
        "OAuth:TokenEndpoint=https://a:b@token.example.org/")]
    [InlineData("Smtp:Password",
        "OAuth:ClientId=id", "OAuth:ClientSecret=hush", "OAuth:RefreshToken=quiet",
        "OAuth:TokenEndpoint=https://token.example.org/", "Password=hush")]
    public void Invalid_or_missing_key_is_reported_without_showing_a_secret(string key, params string[] settings)
    {
        var wrong = Assert.Throws<ConfigurationException>(
            () => Read(["Host=smtp.example.org", "UserName=cam@example.org", .. settings]));

        Assert.StartsWith(key + " is ", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("quiet", wrong.Message, StringComparison.Ordinal);
    }

    private static SmtpScript Script() => new() { Certificate = TestCertificates.Good, Extensions = ["AUTH PLAIN XOAUTH2"] };

    private static string SignIn(string token) =>
        "C: AUTH XOAUTH2 "
        + Convert.ToBase64String(Encoding.UTF8.GetBytes($"user=cam@example.org\u0001auth=Bearer {token}\u0001\u0001"));

    private static SmtpOAuth Options(TokenServer endpoint) => new("my-client", "my-secret", "my-refresh", endpoint.Address);

    private SmtpTransport Transport(ScriptedSmtpServer server, TokenServer endpoint) => new(
        Mails.Options(server.Port) with { UserName = "cam@example.org", OAuth = Options(endpoint) },
        TimeSpan.FromSeconds(20),
        new X509Certificate2Collection(TestCertificates.Authority),
        null,
        new SmtpAccessTokens(Options(endpoint), _time, new ValuesInMemory()));

    private async Task<MailOutcome> SendAsync(ScriptedSmtpServer server, TokenServer endpoint)
    {
        await using var transport = Transport(server, endpoint);
        return await transport.SendAsync(AlertMessage.Compose(Mails.Content()), Cancel);
    }

    private static SmtpOptions Read(params string[] settings) => SmtpOptions.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(settings
            .Select(setting => setting.Split('=', 2))
            .Select(pair => KeyValuePair.Create("Smtp:" + pair[0], (string?)pair[1])))
        .Build());

    /// <summary>Can be read, and not written while its server fails over.</summary>
    private sealed class ValuesOfFailingDatabase : ISharedValues
    {
        private readonly ValuesInMemory _values = new();

        public bool Fails { get; set; }

        public Task<string?> FindAsync(string name) => _values.FindAsync(name);

        public Task<string?> ChangeAsync(string name, Func<string?, string?> change) =>
            Fails ? Task.FromException<string?>(new NpgsqlException("in recovery")) : _values.ChangeAsync(name, change);
    }
}

using System.Buffers.Binary;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Accounts;

/// <summary>Who may register: the first account, the set-up code, and the modes.</summary>
public partial class RegistrationTests
{
    private const string Password = SentinelCamApp.Password;
    private static readonly (string, string) Forwarded = ("X-Forwarded-For", "203.0.113.9");

    [Fact]
    public async Task First_account_becomes_administrator_and_is_signed_in()
    {
        await using var app = await SentinelCamApp.StartAsync();
        using var ann = app.Visit();
        Assert.Contains("first account", (await ann.GetAsync("/register")).Main, StringComparison.Ordinal);

        var answer = await ann.RegisterAsync("Ann", SentinelCamApp.AnnsEmail, Password);

        Assert.Equal("/dashboard", answer.Path);
        Assert.Equal(HttpStatusCode.OK, (await ann.GetAsync("/admin/accounts")).Status);
        var account = await app.ReadAsync(db => db.Users.SingleAsync());
        Assert.NotNull(account.ApprovedAt);
        Assert.Equal(SentinelCamApp.AnnsEmail, await app.ReadAsync(db => db.Administrators().Select(a => a.Email).SingleAsync()));

        // PBKDF2 with HMAC-SHA512 and 210,000 rounds, in the format that Identity calls V3
        var hash = Convert.FromBase64String(account.PasswordHash!);
        Assert.Equal(1, hash[0]);
        Assert.Equal(2u, BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(1)));
        Assert.Equal(210_000u, BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(5)));

        // The second account has to wait
        using var bob = app.Visit();
        Assert.Contains("An administrator must approve your account",
            (await bob.RegisterAsync("Bob", Household.Bobs, Password)).Main, StringComparison.Ordinal);
        Assert.Equal("/login", (await bob.SignInAsync(Household.Bobs, Password)).Path);
    }

    [Fact]
    public async Task From_another_machine_the_first_account_needs_the_set_up_code_from_the_log()
    {
        await using var app = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        using var visitor = app.Visit();
        var code = SetupCode().Match(app.Log()).Groups[1].Value;
        Assert.NotEmpty(code);
        var form = await visitor.GetAsync("/register", Forwarded);
        Assert.NotNull(form.Document.QuerySelector("input[name=SetupCode]"));
        Assert.Null((await visitor.GetAsync("/register")).Document.QuerySelector("input[name=SetupCode]"));

        // A foreign page whose host name points to this machine also comes from here, but is not local
        Assert.NotNull(
            (await visitor.GetAsync("/register", ("Host", "evil.example"))).Document.QuerySelector("input[name=SetupCode]"));

        foreach (var wrong in new[] { "", "AAAA-AAAA-AAAA", code[..^1] })
        {
            var refused = await RegisterAsync(form, wrong);
            Assert.Equal("/register", refused.Path);
            Assert.Contains("The set-up code is wrong", refused.Main, StringComparison.Ordinal);
        }

        Assert.Equal(0, await app.ReadAsync(db => db.Users.CountAsync()));
        Assert.Equal("/dashboard", (await RegisterAsync(form, $" {code.ToLowerInvariant()} ")).Path);
        Assert.Equal(1, await app.ReadAsync(db => db.Administrators().CountAsync()));

        Task<WebAnswer> RegisterAsync(WebAnswer page, string setupCode) => visitor.SubmitAsync(
            page, new { UserName = "Ann", Email = SentinelCamApp.AnnsEmail, Password, SetupCode = setupCode }, null, Forwarded);
    }

    [Fact]
    public async Task Any_proxy_header_requires_the_set_up_code()
    {
        await using var app = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        using var visitor = app.Visit();

        foreach (var header in new[]
                 {
                     "X-Forwarded-For", "x-forwarded-host", "X-Forwarded-Proto", "X-Forwarded-Server", "Forwarded", "Via",
                     "X-Real-IP", "X-Original-For", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP",
                 })
            Assert.NotNull(
                (await visitor.GetAsync("/register", (header, "203.0.113.9"))).Document.QuerySelector("input[name=SetupCode]"));
        Assert.Null((await visitor.GetAsync("/register", ("X-Unrelated", "203.0.113.9")))
            .Document.QuerySelector("input[name=SetupCode]"));
    }

    [Fact]
    public async Task Concurrent_first_registrations_make_one_administrator()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, ("Registration:Mode", "Open"));
        await RegisterAtOnceAsync(app, 4, i => ($"User {i}", $"user{i}@example.org"));

        Assert.Equal(4, await app.ReadAsync(db => db.Users.CountAsync()));
        Assert.Equal(1, await app.ReadAsync(db => db.Administrators().CountAsync()));
    }

    [Fact]
    public async Task Open_mode_admits_everyone_and_reports_a_taken_address()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, ("Registration:Mode", "Open"));
        using var ann = await app.RegisterAnnAsync();
        using var bob = app.Visit();
        Assert.Equal("/dashboard", (await bob.RegisterAsync("Bob", Household.Bobs, Password)).Path);

        using var visitor = app.Visit();
        Assert.Contains("There is already an account with this email address",
            (await visitor.RegisterAsync("Bobby", "BOB@example.org", Password)).Main, StringComparison.Ordinal);
        // Two people may share a name: refusing a taken name would reveal which mail addresses have accounts
        Assert.Equal("/dashboard", (await visitor.RegisterAsync("Bob", "robert@example.org", Password)).Path);
        Assert.Equal(3, await app.ReadAsync(db => db.Users.CountAsync()));

        // The same when the forms arrive at once
        var answers = await RegisterAtOnceAsync(app, 6, i => ($"Twin {i}", "twin@example.org"));
        Assert.Equal(1, await app.ReadAsync(db => db.Users.CountAsync(a => a.NormalizedEmail == "TWIN@EXAMPLE.ORG")));
        Assert.Single(answers, answer => answer.Path == "/dashboard");
        Assert.All(answers.Where(answer => answer.Path != "/dashboard"),
            answer => Assert.Contains("There is already an account", answer.Main, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Closed_mode_accepts_only_the_first_account()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, ("Registration:Mode", "closed"));
        using var bob = app.Visit();
        var form = await bob.GetAsync("/register");
        using var ann = await app.RegisterAnnAsync();

        // The form was opened before Ann registered
        var late = await bob.SubmitAsync(form, new { UserName = "Bob", Email = Household.Bobs, Password });
        Assert.Contains("Registration is closed", late.Main, StringComparison.Ordinal);
        Assert.Contains("Registration is closed", (await bob.GetAsync("/register")).Main, StringComparison.Ordinal);
        Assert.Equal(1, await app.ReadAsync(db => db.Users.CountAsync()));
    }

    private static async Task<WebAnswer[]> RegisterAtOnceAsync(
        SentinelCamApp app, int count, Func<int, (string UserName, string Email)> who)
    {
        var visitors = Enumerable.Range(0, count).Select(_ => app.Visit()).ToList();
        var forms = await Task.WhenAll(visitors.Select(visitor => visitor.GetAsync("/register")));
        var answers = await Task.WhenAll(visitors.Select((visitor, i) =>
            visitor.SubmitAsync(forms[i], new { who(i).UserName, who(i).Email, Password })));
        visitors.ForEach(visitor => visitor.Dispose());
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        return answers;
    }

    [GeneratedRegex("set-up code \"([A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4})\"")]
    private static partial Regex SetupCode();
}

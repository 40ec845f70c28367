using System.Buffers.Binary;
using System.Net;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Accounts;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Accounts;

/// <summary>Which passwords are refused when they are set, and how their hashes keep up.</summary>
public class PasswordPolicyTests
{
    [Theory]
    [InlineData("123456789012", true)]
    [InlineData("PassWord1234", true)]
    [InlineData("1qaz2wsx3edc", true)]
    [InlineData("leavemealone", true)]
    [InlineData("            ", false)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaa", false)]
    [InlineData("abcdefghijklmnopqrst", false)]
    [InlineData("bob.builder@example.org", false)]
    [InlineData("Builder@example1", false)]
    [InlineData("sentinelcam2026", false)]
    [InlineData("SentinelCam SentinelCam", false)]
    [InlineData("iloveyou iloveyou", false)]
    public void Common_and_predictable_passwords_are_refused(string password, bool isCommon)
    {
        var opinion = PasswordPolicy.Judge(password, "Bob", "bob.builder@example.org");

        Assert.Contains(isCommon ? "lists of common passwords" : "easy to guess", opinion.Problem, StringComparison.Ordinal);
        Assert.InRange(opinion.Score!.Value, 0, PasswordPolicy.MinScore - 1);
    }

    [Theory]
    [InlineData("correct horse battery staple")]
    [InlineData("four random words here")]
    [InlineData("kP9vXq2LmW7z")]
    [InlineData("пароль-длинный-пароль")]
    [InlineData("no capitals and no digits at all")]
    public void Other_passwords_are_accepted_whatever_they_consist_of(string password) =>
        Assert.Equal((null, true), PasswordPolicy.Judge(password, "Bob", "bob@example.org") is var opinion
            ? (opinion.Problem, opinion.Score >= PasswordPolicy.MinScore) : default);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("kP9vXq2LmW7")]
    public void Length_is_bounded(string? password) => Assert.Equal(
        ("Enter a password of 12 to 128 characters.", null), PasswordPolicy.Judge(password, "Bob", "b@example.org") is var opinion
            ? (opinion.Problem, opinion.Score) : default);

    [Fact]
    public void More_than_the_3000_commonest_passwords_are_known() => Assert.InRange(PasswordPolicy.CommonCount, 10_000, 20_000);

    [Fact]
    public async Task Refused_registration_shows_a_meter_and_stores_nothing()
    {
        await using var app = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        using var visitor = app.Visit();
        Assert.Null((await visitor.GetAsync("/register")).Document.QuerySelector("meter"));

        var weak = await visitor.RegisterAsync("Sommer", "bob@example.org", "Sommer2026!!!");
        var common = await visitor.RegisterAsync("Bob", "bob@example.org", "password1234");

        Assert.Equal(HttpStatusCode.OK, weak.Status);
        Assert.Contains("This password is easy to guess", weak.Main, StringComparison.Ordinal);
        Assert.Equal("0", common.Document.QuerySelector("meter")!.GetAttribute("value"));
        Assert.Contains("very weak", common.Main, StringComparison.Ordinal);
        Assert.DoesNotContain("password1234", common.Text, StringComparison.Ordinal);
        Assert.Equal(0, await app.ReadAsync(db => db.Users.CountAsync()));
    }

    [Fact]
    public async Task Hash_with_fewer_rounds_is_renewed_by_the_next_right_password()
    {
        var first = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        (await first.RegisterAnnAsync()).Dispose();
        Assert.Equal(1_000u, await RoundsAsync(first));
        await using var app = await first.StartAgainAsync(
            services: all => all.Configure<PasswordHasherOptions>(options => options.IterationCount = 3_000));
        using var visitor = app.Visit();

        await visitor.SignInAsync(SentinelCamApp.AnnsEmail, "a wrong password");
        Assert.Equal(1_000u, await RoundsAsync(app));
        Assert.Equal("/dashboard", (await visitor.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);

        Assert.Equal(3_000u, await RoundsAsync(app));
        var hash = await app.ReadAsync(db => db.Users.Select(a => a.PasswordHash).SingleAsync());
        using var again = app.Visit();
        Assert.Equal("/dashboard", (await again.SignInAsync(SentinelCamApp.AnnsEmail, SentinelCamApp.Password)).Path);
        Assert.Equal(hash, await app.ReadAsync(db => db.Users.Select(a => a.PasswordHash).SingleAsync()));
        // Sessions go on
        Assert.Equal("/dashboard", (await visitor.GetAsync("/dashboard")).Path);
    }

    [Fact]
    public async Task Password_that_is_right_up_to_the_bound_and_goes_on_is_wrong()
    {
        await using var app = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        var longest = string.Concat(Enumerable.Repeat("kP9vXq2LmW7z", 11))[..Registration.MaxPasswordLength];
        await app.AddAccountAsync("Bob", Household.Bobs, password: longest);
        using var visitor = app.Visit();

        foreach (var more in new[] { "!", new string('!', 100_000) })
            Assert.Equal("/login", (await visitor.SignInAsync(Household.Bobs, longest + more)).Path);
        Assert.Equal("/dashboard", (await visitor.SignInAsync(Household.Bobs, longest)).Path);
    }

    private static async Task<uint> RoundsAsync(SentinelCamApp app) => BinaryPrimitives.ReadUInt32BigEndian(
        Convert.FromBase64String(await app.ReadAsync(db => db.Users.Select(a => a.PasswordHash!).SingleAsync())).AsSpan(5));
}

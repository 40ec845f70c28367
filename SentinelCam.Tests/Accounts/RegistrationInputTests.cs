using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Accounts;

/// <summary>What the registration form accepts, and that it does not reveal existing accounts.</summary>
public class RegistrationInputTests(Household household) : IClassFixture<Household>
{
    private readonly SentinelCamApp _app = household.App;

    [Theory]
    [InlineData("")]
    [InlineData("ann")]
    [InlineData("@example.org")]
    [InlineData("ann@")]
    [InlineData("ann@@example.org")]
    [InlineData("ann@example.org, bob@example.org")]
    [InlineData("ann@example.org;bob@example.org")]
    [InlineData("Ann <ann@example.org>")]
    [InlineData("\"ann bob\"@example.org")]
    [InlineData("ann bob@example.org")]
    [InlineData("ann@exam\tple.org")]
    [InlineData("ann@example.org\r\nBcc: everybody@example.org")]
    [InlineData("ann\u202Egro@example.org")]
    [InlineData("friends: ann@example.org;")]
    public async Task Invalid_mail_address_is_refused_with_a_clear_message(string email)
    {
        var answer = await RegisterAsync("Somebody", email, SentinelCamApp.Password);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Contains("Enter an email address such as name@example.org", answer.Main, StringComparison.Ordinal);
        Assert.False(await _app.ReadAsync(db => db.Users.AnyAsync(a => a.Name == "Somebody")));
    }

    [Theory]
    [InlineData(11, false)]
    [InlineData(12, true)]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public async Task Password_has_12_to_128_characters(int length, bool allowed)
    {
        var email = $"length{length}@example.org";
        var answer = await RegisterAsync(
            $"Length {length}", email, string.Concat(Enumerable.Repeat("kP9vXq2LmW7z", 11))[..length]);

        Assert.Equal(!allowed, answer.Main.Contains("Enter a password of 12 to 128 characters", StringComparison.Ordinal));
        Assert.Equal(allowed, await _app.ReadAsync(db => db.Users.AnyAsync(a => a.Email == email)));
    }

    [Theory]
    [InlineData("emoji@example.org", "🐈🌵🚲🎻🥕🧦")]
    [InlineData("around@example.org", "  no trimming, please  ")]
    [InlineData("letters@example.org", "пароль-длинный-пароль")]
    [InlineData("markup@example.org", "<script>'\";--%00&amp;")]
    public async Task Password_may_contain_any_characters(string email, string password)
    {
        await RegisterAsync("User " + email, email, password);
        await _app.ApproveAsync(email);

        using var visitor = _app.Visit();
        Assert.Equal("/login", (await visitor.SignInAsync(email, password.Trim() + "x")).Path);
        Assert.Equal("/dashboard", (await visitor.SignInAsync(email, password)).Path);
    }

    [Theory]
    [InlineData("UserName", 65, "Enter a user name of 1 to 64 visible characters")]
    [InlineData("UserName", 100_000, "Enter a user name of 1 to 64 visible characters")]
    [InlineData("Email", 300, "at most 254 characters")]
    [InlineData("Email", 100_000, "at most 254 characters")]
    [InlineData("Password", 100_000, "Enter a password of 12 to 128 characters")]
    public async Task Oversized_field_gets_a_clear_message(string field, int length, string message)
    {
        var text = field == "Email" ? new string('a', length - 12) + "@example.org" : new string('a', length);
        var answer = await RegisterAsync(
            field == "UserName" ? text : "Somebody",
            field == "Email" ? text : "somebody@example.org",
            field == "Password" ? text : SentinelCamApp.Password);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Contains(message, answer.Main, StringComparison.Ordinal);
        Assert.True(answer.Body.Length < 10_000, "A refused value is repeated in full.");
        Assert.False(await _app.ReadAsync(db => db.Users.AnyAsync(a => a.Name == "Somebody")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("Ann\u202Enimda")]
    [InlineData("Ann\nadministrator")]
    public async Task User_name_has_only_visible_characters(string userName)
    {
        var answer = await RegisterAsync(userName, "named@example.org", SentinelCamApp.Password);

        Assert.Contains("Enter a user name of 1 to 64 visible characters", answer.Main, StringComparison.Ordinal);
        Assert.False(await _app.ReadAsync(db => db.Users.AnyAsync(a => a.Email == "named@example.org")));
    }

    [Fact]
    public async Task Form_names_all_problems_at_once()
    {
        using var visitor = _app.Visit();
        var answer = await visitor.SubmitAsync("/register", new { });

        Assert.Equal(3, answer.Document.QuerySelectorAll(".problem li").Length);
    }

    [Fact]
    public async Task With_approval_the_answer_does_not_reveal_existing_accounts()
    {
        var fresh = await RegisterAsync("Dave", "dave@example.org", SentinelCamApp.Password);
        var taken = await RegisterAsync("Dave the second", Household.Bobs, SentinelCamApp.Password);
        var waiting = await RegisterAsync("Dave the third", "dave@example.org", SentinelCamApp.Password);

        Assert.Contains("An administrator must approve your account", fresh.Main, StringComparison.Ordinal);
        Assert.Equal(fresh.Text, taken.Text);
        Assert.Equal(fresh.Text, waiting.Text);
        Assert.Equal(fresh.Status, taken.Status);
        Assert.Equal(fresh.Headers.Keys.Order(), taken.Headers.Keys.Order());
        Assert.Equal(1, await _app.ReadAsync(db => db.Users.CountAsync(a => a.Name.StartsWith("Dave"))));
    }

    private async Task<WebAnswer> RegisterAsync(string userName, string email, string password)
    {
        using var visitor = _app.Visit();
        return await visitor.RegisterAsync(userName, email, password);
    }
}

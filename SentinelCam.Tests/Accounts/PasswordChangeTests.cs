using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Accounts;

/// <summary>The password on <c>/settings</c>.</summary>
public class PasswordChangeTests(Household household) : IClassFixture<Household>
{
    private const string Changed = "another horse, another battery";
    private readonly SentinelCamApp _app = household.App;

    [Fact]
    public async Task A_changed_password_signs_in_and_ends_the_other_sessions()
    {
        await _app.AddAccountAsync("Olga", "olga@example.org");
        using var here = await _app.VisitAsAsync("olga@example.org");
        using var elsewhere = await _app.VisitAsAsync("olga@example.org");

        var answer = await here.SubmitAsync("/settings", new { Current = SentinelCamApp.Password, New = Changed }, "/settings");
        Assert.Contains("The password is changed", answer.Main, StringComparison.Ordinal);
        household.Clock.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("/dashboard", (await here.GetAsync("/dashboard")).Path);
        Assert.Equal("/login", (await elsewhere.GetAsync("/dashboard")).Path);
        Assert.Equal("/login", (await elsewhere.SignInAsync("olga@example.org", SentinelCamApp.Password)).Path);
        Assert.Equal("/dashboard", (await elsewhere.SignInAsync("olga@example.org", Changed)).Path);
    }

    [Theory]
    [InlineData("not the password", Changed, "is not the one you entered")]
    [InlineData("", Changed, "is not the one you entered")]
    [InlineData(SentinelCamApp.Password, "too short", "Enter a new password of 12 to 128 characters")]
    public async Task A_wrong_entry_changes_nothing(string current, string wanted, string message)
    {
        using var bob = await _app.VisitAsAsync(Household.Bobs);

        var answer = await bob.SubmitAsync("/settings", new { Current = current, New = wanted }, "/settings");

        Assert.Contains(message, answer.Main, StringComparison.Ordinal);
        Assert.DoesNotContain(wanted, answer.Text, StringComparison.Ordinal);
        using var again = await _app.VisitAsAsync(Household.Bobs);
    }
}

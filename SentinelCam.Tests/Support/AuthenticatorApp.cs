using System.Globalization;
using OtpNet;

namespace SentinelCam.Tests.Support;

/// <summary>An authenticator app with the key that the page has shown.</summary>
public sealed class AuthenticatorApp(string key, TimeProvider time)
{
    private readonly Totp _totp = new(Base32Encoding.ToBytes(key.Replace(" ", "", StringComparison.Ordinal)));

    /// <summary>The codes that were saved when it was turned on.</summary>
    public IReadOnlyList<string> RecoveryCodes { get; private init; } = [];

    /// <summary>The key in Base32, without spaces.</summary>
    public string Key => key.Replace(" ", "", StringComparison.Ordinal);

    /// <summary>The present code, or that of another period.</summary>
    public string Code(int periodsLater = 0) =>
        _totp.ComputeTotp(time.GetUtcNow().UtcDateTime.AddSeconds(periodsLater * 30));

    /// <summary>A code that is not accepted now.</summary>
    public string WrongCode()
    {
        var right = Enumerable.Range(-2, 5).Select(Code).ToHashSet();
        return Enumerable.Range(0, 10).Select(i => i.ToString("D6", CultureInfo.InvariantCulture)).First(c => !right.Contains(c));
    }

    /// <summary>Turns on the second factor of somebody who is signed in.</summary>
    public static async Task<AuthenticatorApp> TurnOnAsync(WebVisitor visitor, TimeProvider time)
    {
        var page = await visitor.GetAsync("/settings/second_factor");
        var app = new AuthenticatorApp(page.Document.QuerySelector("#key")!.TextContent, time);
        var on = await visitor.SubmitAsync(page, new { Code = app.Code() }, "/settings/second_factor?handler=On");
        var codes = on.Document.QuerySelectorAll(".codes code").Select(code => code.TextContent).ToList();
        Assert.Equal(10, codes.Count);
        return new AuthenticatorApp(app.Key, time) { RecoveryCodes = codes };
    }
}

public static class CodeSteps
{
    /// <summary>Enters the password, and stays on the page that asks for the code.</summary>
    public static async Task<WebAnswer> EnterPasswordAsync(
        this WebVisitor visitor, string email, string password = SentinelCamApp.Password)
    {
        var page = await visitor.SignInAsync(email, password);
        Assert.Equal("/login/code", page.Path);
        return page;
    }

    /// <summary>Sends the first form of the page that asks for the code.</summary>
    public static Task<WebAnswer> EnterCodeAsync(this WebVisitor visitor, WebAnswer page, string code, bool trust = false) =>
        visitor.PostAsync(page.PathAndQuery,
            [new("Code", code), new("Trust", trust ? "true" : "false"), new("__RequestVerificationToken", page.Token)]);
}

using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Alerts;

/// <summary>What a mail calls its attempts: people sign in to the web page, and log in to the device.</summary>
internal sealed record LogInWords
{
    private const int MaxWhereLength = 160;

    /// <summary>Whether the mail is about log-ins to the device.</summary>
    public required bool IsDevice { get; init; }

    /// <summary>With a preposition: "on front-desk", "at the screen lock of front-desk".</summary>
    public required string Where { get; init; }

    public string Noun => IsDevice ? "log-in" : "sign-in";

    public string Capitalized => IsDevice ? "Log-in" : "Sign-in";

    public string Verb => IsDevice ? "log in" : "sign in";

    public string Past => IsDevice ? "logged in" : "signed in";

    public string SeveralAccounts => IsDevice ? "several users" : "several accounts";

    /// <summary>An account that does not exist, after "with".</summary>
    public string Unknown(string account) => IsDevice ? "an unknown user name" : $"the unknown account {account}";

    /// <summary>Continues "tried to sign in".</summary>
    public string Opening(string account) => _content switch
    {
        { AccountUnknown: true, SeveralAccounts: false } when IsDevice => $"{Where} with a user name that does not exist",
        { AccountUnknown: true, SeveralAccounts: false } => $"{Where} with an account that does not exist ({account})",
        { SeveralAccounts: false } when !IsDevice => $"to the account {account} {Where}",
        _ => $"to {account} {Where}",
    };

    private readonly AlertContent _content;

    private LogInWords(AlertContent content) => _content = content;

    /// <param name="content">What the mail is about.</param>
    /// <param name="device">The name of the camera, which stands for the device.</param>
    public static LogInWords Of(AlertContent content, string device)
    {
        var last = content.Attempts.Count > 0 ? content.Attempts[^1] : null;
        if (last is null or { Origin: AttemptOrigin.WebPage })
            return new LogInWords(content) { IsDevice = false, Where = $"on {device}" };
        var where = content.Attempts.All(attempt => attempt.Service == last.Service)
            ? DeviceServices.Where(last.Service, device)
            : last.Origin is AttemptOrigin.AtDevice ? $"at {device}" : $"on {device} over the network";
        return new LogInWords(content) { IsDevice = true, Where = VisitorText.Clean(where, MaxWhereLength) };
    }
}

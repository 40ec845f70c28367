using System.Globalization;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.Visitors;

namespace SentinelCam.Alerts;

/// <summary>One row of a table in a mail.</summary>
internal sealed record AlertFact(string Label, string Value);

/// <summary>The tables of a mail.</summary>
/// <param name="content">What the mail is about, with the pictures it contains.</param>
/// <param name="captions">One for each picture.</param>
/// <param name="picturesLeftOut">How many other pictures do not fit into the mail.</param>
/// <param name="wasRefused">Whether the mail server refused this mail with larger pictures.</param>
internal sealed class AlertFacts(AlertContent content, IReadOnlyList<string> captions, int picturesLeftOut, bool wasRefused)
{
    private const int MaxNameLength = 80;
    private const int MaxUserAgentLength = 300;
    private const int MaxUserAgents = 5;

    private const string AllInTheLog = "; the image log lists them all";
    private const string NoUser = "no user of this device";

    /// <summary>The maximum number of attempts that a mail describes one by one.</summary>
    public const int MaxAttemptsTold = 20;

    private bool IsAboutAttempts => content.Attempts.Count > 0;

    private bool IsAboutPictures => IsAboutAttempts || content.Kind is MailKind.Manual or MailKind.Summary;

    /// <summary>What matters most: of one attempt, or of all of them.</summary>
    public IEnumerable<AlertFact> Short()
    {
        var facts = !IsAboutAttempts ? CameraFacts()
            : content.AttemptCount > 1 ? BurstFacts()
            : AttemptFacts(content.Attempts[0]);
        foreach (var fact in facts)
            yield return fact;
        if (IsAboutPictures
            && (content.PictureProblem is not null || captions.Count + picturesLeftOut == 0))
        {
            var reason = TextOr(content.PictureProblem, MailOutcome.MaxReplyLength, "none was taken");
            yield return new AlertFact("No picture", reason);
        }
    }

    private IEnumerable<AlertFact> BurstFacts()
    {
        yield return new AlertFact("Attempts", Number(content.AttemptCount));
        if (content.Device is { } device)
            yield return new AlertFact("Device", VisitorText.Clean(device, MaxNameLength));
        yield return new AlertFact("First", Time(content.FirstAt));
        yield return new AlertFact("Last", Time(content.LastAt));
        foreach (var address in content.Addresses.Where(address => address.RemoteAddress.Length > 0))
            yield return new AlertFact("From", $"{RemotePlace.Describe(address.RemoteAddress)}: {Count(address.Attempts)}");
        var unlistedAddresses = content.AddressCount - content.Addresses.Count;
        if (unlistedAddresses > 0)
            yield return new AlertFact("From", Count(unlistedAddresses, "more address", "more addresses") + AllInTheLog);
    }

    private IEnumerable<AlertFact> AttemptFacts(MailAttempt attempt)
    {
        yield return new AlertFact("When", Time(attempt.At));
        if (attempt.Device is { } device)
            yield return new AlertFact("Device", VisitorText.Clean(device, MaxNameLength));
        if (attempt.Origin is AttemptOrigin.WebPage)
        {
            yield return new AlertFact("Account", VisitorText.Clean(attempt.AccountTyped, MaxNameLength));
            yield return new AlertFact("From", RemotePlace.Describe(attempt.RemoteAddress));
            yield return new AlertFact("Browser", BrowserOf(attempt));
        }
        else
        {
            yield return new AlertFact("User", TextOr(attempt.AccountTyped, MaxNameLength, NoUser));
            yield return new AlertFact("Where", VisitorText.Clean(DeviceServices.Where(attempt.Service), MaxNameLength));
            if (VisitorText.Clean(attempt.Caller, MaxNameLength) is { Length: > 0 } caller)
                yield return new AlertFact("Typed by", caller);
            if (attempt.Origin is AttemptOrigin.OverNetwork)
                yield return new AlertFact("From", RemotePlace.Describe(attempt.RemoteAddress));
        }

        yield return new AlertFact("Outcome", VisitorText.Clean(attempt.Outcome, MaxNameLength));
        if (content.FailuresBefore > 0)
            yield return new AlertFact("Failed before", Number(content.FailuresBefore));
    }

    /// <summary>If there were several attempts, one line for each of the latest.</summary>
    public IEnumerable<AlertFact> OfEachAttempt()
    {
        if (content.AttemptCount <= 1)
            yield break;
        var told = content.Attempts.Take(MaxAttemptsTold).ToList();
        foreach (var attempt in told)
            yield return new AlertFact($"Attempt {Number(attempt.Number)}", string.Join(", ", InOneLine(attempt)));
        if (content.AttemptCount > told.Count)
            yield return new AlertFact("Not shown here", Count(content.AttemptCount - told.Count) + AllInTheLog);
    }

    private IEnumerable<string> InOneLine(MailAttempt attempt)
    {
        yield return MailTime.AfterTheFirst(attempt.At, content.FirstAt, content.TimeZone);
        yield return VisitorText.Clean(attempt.Outcome, MaxNameLength);
        if (content.SeveralAccounts)
            yield return TextOr(attempt.AccountTyped, MaxNameLength, NoUser);
        if (attempt.Origin is not AttemptOrigin.WebPage)
            yield return VisitorText.Clean(DeviceServices.Where(attempt.Service), MaxNameLength);
        if (VisitorText.Clean(attempt.Caller, MaxNameLength) is { Length: > 0 } caller)
            yield return $"typed by {caller}";
        if (content.Device is LoginAttempt.SeveralDevices && attempt.Device is { } device)
            yield return $"on {VisitorText.Clean(device, MaxNameLength)}";
        if (attempt.Origin is not AttemptOrigin.AtDevice)
            yield return $"from {RemotePlace.Describe(attempt.RemoteAddress)}";
        if (attempt.Origin is AttemptOrigin.WebPage)
            yield return BrowserOf(attempt);
    }

    /// <summary>The browser in words.</summary>
    public static string BrowserOf(MailAttempt attempt) => BrowserWords.Of(attempt.UserAgent) is { Length: > 0 } browser
        ? browser
        : "browser not stated";

    /// <summary>What is rarely needed: about the pictures, and what browsers say about themselves.</summary>
    public IEnumerable<AlertFact> Details()
    {
        if (!IsAboutAttempts)
            yield break;
        foreach (var fact in CameraFacts())
            yield return fact;
        foreach (var agent in content.Attempts.Take(MaxAttemptsTold).Select(attempt => attempt.UserAgent).Distinct()
            .Where(agent => agent != BrowserWords.Of(agent)).Take(MaxUserAgents))
        {
            yield return new AlertFact("User agent", VisitorText.Clean(agent, MaxUserAgentLength));
        }
    }

    private IEnumerable<AlertFact> CameraFacts()
    {
        if (!IsAboutPictures)
            yield break;
        if (content.RequestedOn is { } device)
            yield return new AlertFact("Device", VisitorText.Clean(device, MaxNameLength));
        yield return new AlertFact("Camera", VisitorText.Clean(content.CameraName, MaxNameLength));
        foreach (var caption in captions)
            yield return new AlertFact("Picture", caption);
        if (picturesLeftOut > 0)
        {
            yield return new AlertFact("Left out", Count(picturesLeftOut, "picture is", "pictures are")
                + (wasRefused
                    ? " not in this mail, because the mail server accepts only smaller mails. See the image log."
                    : " too large for a mail and could not be made smaller. See the image log."));
        }
        else if (content.Kind == MailKind.Summary && captions.Count > 0)
        {
            yield return new AlertFact("All pictures", "in the image log");
        }

        if (wasRefused && captions.Count > 0)
        {
            yield return new AlertFact("Smaller",
                "The mail server accepts only smaller mails, so this one has smaller or fewer pictures. See the image log.");
        }
    }

    private string Time(DateTimeOffset time) => MailTime.ToTheSecond(time, content.TimeZone);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Count(int attempts) => Count(attempts, "attempt", "attempts");

    private static string Count(int number, string one, string many) => $"{Number(number)} {(number == 1 ? one : many)}";

    private static string TextOr(string? visitorText, int maxLength, string fallback) =>
        VisitorText.Clean(visitorText, maxLength) is { Length: > 0 } text ? text : fallback;
}

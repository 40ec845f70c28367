using System.Globalization;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.Visitors;

namespace SentinelCam.Alerts;

/// <summary>One row of a table in a mail.</summary>
internal sealed record AlertFact(string Label, string Value);

/// <summary>
/// The text of a mail without formatting, so that the plain and the HTML version say the same. Nothing is encoded yet.
/// </summary>
internal sealed class AlertText
{
    private const int MaxNameLength = 80;
    private const int MaxUserAgentLength = 300;
    private const int MaxLineLength = 600;

    private const string AllInTheLog = "; the image log lists them all";

    private const string LatePictureReason = "It was not ready in time for the first mail.";

    /// <summary>The maximum number of attempts that a mail describes in full.</summary>
    public const int MaxAttemptsTold = 20;

    private readonly AlertContent _content;
    private readonly string _account;
    private readonly string _camera;
    private readonly LogInWords _words;
    private readonly int _picturesLeftOut;
    private readonly bool _wasRefused;

    /// <param name="content">What the mail is about, with the pictures it contains.</param>
    /// <param name="picturesLeftOut">How many other pictures do not fit into the mail.</param>
    /// <param name="wasRefused">Whether the mail server refused this mail with larger pictures.</param>
    public AlertText(AlertContent content, int picturesLeftOut = 0, bool wasRefused = false)
    {
        _wasRefused = wasRefused;
        _content = content;
        _picturesLeftOut = picturesLeftOut;
        _camera = VisitorText.Clean(content.CameraName, MaxNameLength);
        _words = LogInWords.Of(content, _camera);
        _account = content.SeveralAccounts ? _words.SeveralAccounts : VisitorText.Clean(content.AccountName, MaxNameLength);

        Subject = MakeSubject();
        Opening = MakeOpening();
        PictureCaptions = [.. content.Pictures.Select(Caption)];
        Tables = [.. MakeTables()];
        Notices = [.. MakeNotices()];
        Advice = [.. new AlertAdvice(content, _words).Lines()];
    }

    public string Subject { get; }

    public string Opening { get; }

    /// <summary>
    /// A table for the burst if there was more than one attempt, then one for each attempt, then one for the camera.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<AlertFact>> Tables { get; }

    public IReadOnlyList<string> Notices { get; }

    public IReadOnlyList<string> Advice { get; }

    /// <summary>One for each picture.</summary>
    public IReadOnlyList<string> PictureCaptions { get; }

    private bool IsAboutAttempts => _content.Attempts.Count > 0;

    private bool IsSuccessAfterFailures => _content.FailuresBefore > 0;

    private string MakeSubject()
    {
        var what = IsSuccessAfterFailures
            ? $"{_words.Capitalized} to {_account} {_words.Where} SUCCEEDED after {_content.FailuresBefore} failures"
            : _content.AccountUnknown
            ? $"Failed {_words.Noun} with {_words.Unknown(_account)} {_words.Where}"
            : $"Failed {_words.Noun} to {_account} {_words.Where}";

        return _content.Kind switch
        {
            MailKind.Attempt or MailKind.Success => what,
            MailKind.LatePicture => $"Re: {what}: the picture",
            MailKind.Summary => $"Re: {what}: {Count(_content.AttemptCount)} in all",
            MailKind.ConfirmRecipient => $"Do you want to receive the alerts of {_account} on {_camera}?",
            MailKind.SettingsChanged => $"The settings of {_account} on {_camera} were changed",
            _ when AccountMailText.IsAbout(_content.Kind) => AccountMailText.Subject(_content.Kind, _account, _camera),
            MailKind.Test => $"Test mail from SentinelCam on {_camera}",
            _ => $"Picture from {_camera} for {_account}",
        };
    }

    private string MakeOpening()
    {
        var where = _words.Opening(_account);

        return _content.Kind switch
        {
            MailKind.Attempt when _content.Attempts.Count > 1 =>
                $"{Count(_content.AttemptCount)} to {_words.Verb} {where} failed one after another.",
            MailKind.Attempt => $"Someone tried to {_words.Verb} {where} and failed.",
            MailKind.Success =>
                $"Someone {_words.Past} {where} with the right password, after {_content.FailuresBefore} failed attempts in the "
                + "hour before.",
            MailKind.LatePicture when IsSuccessAfterFailures =>
                $"This is the picture of the {_words.Noun} {where} that succeeded after several failed attempts. "
                + LatePictureReason,
            MailKind.LatePicture => $"This is the picture of the failed {_words.Noun} {where}. {LatePictureReason}",
            MailKind.Summary => $"This alert has ended. {Count(_content.AttemptCount)} to {_words.Verb} {where} failed.",
            MailKind.ConfirmRecipient =>
                $"The owner of the account {_account} wants to send the alerts of {_camera} to this address as well. They are "
                + "mails about failed sign-ins, with pictures from a camera.",
            MailKind.SettingsChanged => $"The settings of the account {_account} were changed:",
            _ when AccountMailText.IsAbout(_content.Kind) => AccountMailText.Opening(_content.Kind, _account, _camera),
            MailKind.Test =>
                $"An administrator of {_camera} requested this test mail. If you can read it, alerts can reach this address.",
            _ when _content.Pictures.Count == 0 =>
                $"The account {_account} requested a picture from {_camera}, but there is none.",
            _ => $"This is the picture from {_camera} that the account {_account} requested.",
        };
    }

    private IEnumerable<IReadOnlyList<AlertFact>> MakeTables()
    {
        if (_content.AttemptCount > 1)
            yield return [.. BurstFacts()];
        foreach (var attempt in _content.Attempts.Take(MaxAttemptsTold))
            yield return [.. AttemptFacts(attempt)];
        if (IsAboutAttempts || _content.Kind is MailKind.Manual or MailKind.Summary)
            yield return [.. CameraFacts()];
    }

    private IEnumerable<AlertFact> BurstFacts()
    {
        yield return new AlertFact("Attempts", Number(_content.AttemptCount));
        yield return new AlertFact("First", Time(_content.FirstAt));
        yield return new AlertFact("Last", Time(_content.LastAt));
        foreach (var address in _content.Addresses.Where(address => address.RemoteAddress.Length > 0))
            yield return new AlertFact("From", $"{RemotePlace.Describe(address.RemoteAddress)}: {Count(address.Attempts)}");
        var unlistedAddresses = _content.AddressCount - _content.Addresses.Count;
        if (unlistedAddresses > 0)
            yield return new AlertFact("From", Count(unlistedAddresses, "more address", "more addresses") + AllInTheLog);
        var unlisted = _content.AttemptCount - Math.Min(_content.Attempts.Count, MaxAttemptsTold);
        if (unlisted > 0)
            yield return new AlertFact("Not shown here", Count(unlisted) + AllInTheLog);
    }

    private IEnumerable<AlertFact> AttemptFacts(MailAttempt attempt)
    {
        yield return new AlertFact("When", Time(attempt.At));
        if (attempt.Origin is AttemptOrigin.WebPage)
        {
            yield return new AlertFact("Account", VisitorText.Clean(attempt.AccountTyped, MaxNameLength));
            yield return new AlertFact("From", RemotePlace.Describe(attempt.RemoteAddress));
            yield return new AlertFact("Browser", TextOr(attempt.UserAgent, MaxUserAgentLength, "not stated"));
        }
        else
        {
            yield return new AlertFact("User", TextOr(attempt.AccountTyped, MaxNameLength, "no user of this device"));
            yield return new AlertFact("Where", VisitorText.Clean(DeviceServices.Where(attempt.Service), MaxNameLength));
            if (VisitorText.Clean(attempt.Caller, MaxNameLength) is { Length: > 0 } caller)
                yield return new AlertFact("Typed by", caller);
            if (attempt.Origin is AttemptOrigin.OverNetwork)
                yield return new AlertFact("From", RemotePlace.Describe(attempt.RemoteAddress));
        }

        yield return new AlertFact("Outcome", VisitorText.Clean(attempt.Outcome, MaxNameLength));
        yield return IsSuccessAfterFailures
            ? new AlertFact("Failed before", Number(_content.FailuresBefore))
            : new AlertFact("Attempt", $"number {Number(attempt.Number)} in this burst");
    }

    private IEnumerable<AlertFact> CameraFacts()
    {
        yield return new AlertFact("Camera", _camera);
        foreach (var caption in PictureCaptions)
            yield return new AlertFact("Picture", caption);
        if (_picturesLeftOut > 0)
        {
            yield return new AlertFact("Left out", Count(_picturesLeftOut, "picture is", "pictures are")
                + (_wasRefused
                    ? " not in this mail, because the mail server accepts only smaller mails. See the image log."
                    : " too large for a mail and could not be made smaller. See the image log."));
        }
        else if (_content.Kind == MailKind.Summary && PictureCaptions.Count > 0)
        {
            yield return new AlertFact("All pictures", "in the image log");
        }

        if (_wasRefused && PictureCaptions.Count > 0)
        {
            yield return new AlertFact("Smaller",
                "The mail server accepts only smaller mails, so this one has smaller or fewer pictures. See the image log.");
        }

        if (_content.PictureProblem is not null || PictureCaptions.Count + _picturesLeftOut == 0)
        {
            var reason = TextOr(_content.PictureProblem, MailOutcome.MaxReplyLength, "none was taken");
            yield return new AlertFact("No picture", reason);
        }
    }

    private IEnumerable<string> MakeNotices()
    {
        foreach (var line in _content.Lines)
            yield return VisitorText.Clean(line, MaxLineLength);
        if (_content.Success is { } success)
        {
            var account = VisitorText.Clean(success.AccountTyped, MaxNameLength);
            var place = success.Origin is AttemptOrigin.AtDevice
                ? VisitorText.Clean(DeviceServices.Where(success.Service), MaxNameLength)
                : $"from {RemotePlace.Describe(success.RemoteAddress)}";
            yield return $"After the first of these failed attempts, someone {_words.Past} to {account} with the right password, "
                + $"on {Time(success.At)}, {place}. A separate mail describes that {_words.Noun}.";
        }

        // A mail about a log-in to the device over the network usually has no picture, and says why
        if (_words.IsDevice && _content.Pictures.Count == 0)
            yield break;
        var kinds = _content.Attempts.Select(attempt => attempt.Place).ToHashSet();
        if (kinds.Contains(RemoteKind.Remote))
        {
            yield return "This came over the network from a remote address. The camera cannot see that person. It shows who was "
                + "near this device, not who typed.";
        }

        if (kinds.Contains(RemoteKind.Unknown))
        {
            yield return "This came through a proxy that did not say from which address. The camera shows who was near this "
                + "device, who may not be the person who typed.";
        }

        if (kinds.Contains(RemoteKind.LocalNetwork))
        {
            yield return "This came from another machine on the local network. The camera shows who was near this device, who "
                + "may not be the person who typed.";
        }
    }

    private string Caption(MailPicture picture)
    {
        var scaled = picture.ScaledFrom is null ? "" : $" (reduced from {picture.ScaledFrom})";
        var caption = string.Create(CultureInfo.InvariantCulture,
            $"taken on {Time(picture.TakenAt)}, {picture.Width} x {picture.Height} pixels{scaled}");
        if (VisitorText.Clean(picture.Label, MaxNameLength) is { Length: > 0 } label)
            caption = $"{label}: {caption}";
        return picture.Attempt is { } number ? $"attempt {Number(number)}: {caption}" : caption;
    }

    private string Time(DateTimeOffset time) => MailTime.ToTheSecond(time, _content.TimeZone);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Count(int attempts) => Count(attempts, "attempt", "attempts");

    private static string Count(int number, string one, string many) => $"{Number(number)} {(number == 1 ? one : many)}";

    private static string TextOr(string? visitorText, int maxLength, string fallback) =>
        VisitorText.Clean(visitorText, maxLength) is { Length: > 0 } text ? text : fallback;
}

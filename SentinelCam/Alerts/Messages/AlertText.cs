using System.Globalization;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Alerts;

/// <summary>A question that a link answers.</summary>
/// <param name="Text">The question.</param>
/// <param name="Invitation">What the plain text says before the link.</param>
/// <param name="Link">The link for the plain text.</param>
/// <param name="Answers">The answers for the HTML version, each with its link.</param>
internal sealed record MailQuestion(
    string Text, string Invitation, string Link, IReadOnlyList<(string Text, string Link)> Answers);

/// <summary>
/// The text of a mail without formatting, so that the plain and the HTML version say the same. Nothing is encoded yet.
/// </summary>
internal sealed class AlertText
{
    private const int MaxNameLength = 80;
    private const int MaxLineLength = 600;

    private const string LatePictureReason = "It was not ready in time for the first mail.";

    private readonly AlertContent _content;
    private readonly string _account;
    private readonly string _camera;
    private readonly LogInWords _words;

    /// <param name="content">What the mail is about, with the pictures it contains.</param>
    /// <param name="picturesLeftOut">How many other pictures do not fit into the mail.</param>
    /// <param name="wasRefused">Whether the mail server refused this mail with larger pictures.</param>
    public AlertText(AlertContent content, int picturesLeftOut = 0, bool wasRefused = false)
    {
        _content = content;
        _camera = VisitorText.Clean(content.Device ?? content.CameraName, MaxNameLength);
        _words = LogInWords.Of(content, _camera);
        _account = content.SeveralAccounts ? _words.SeveralAccounts : VisitorText.Clean(content.AccountName, MaxNameLength);

        Subject = MakeSubject();
        Opening = MakeOpening();
        PictureCaptions = [.. content.Pictures.Select(Caption)];
        var facts = new AlertFacts(content, PictureCaptions, picturesLeftOut, wasRefused);
        Facts = [.. facts.Short()];
        Attempts = [.. facts.OfEachAttempt()];
        Details = [.. facts.Details()];
        Notices = [.. MakeNotices()];
        Question = MakeQuestion();
        Advice = [.. new AlertAdvice(content, _words).Lines()];
    }

    public string Subject { get; }

    public string Opening { get; }

    /// <summary>The short table.</summary>
    public IReadOnlyList<AlertFact> Facts { get; }

    /// <summary>One line for each attempt, if there are several.</summary>
    public IReadOnlyList<AlertFact> Attempts { get; }

    /// <summary>The table at the end, for those who look closer.</summary>
    public IReadOnlyList<AlertFact> Details { get; }

    public IReadOnlyList<string> Notices { get; }

    /// <summary>What the reader can answer with a link; null for nothing.</summary>
    public MailQuestion? Question { get; }

    /// <summary>Where the site shows what the mail is about; null for nowhere.</summary>
    public string? Link => _content.AlertLink;

    public IReadOnlyList<string> Advice { get; }

    /// <summary>The name of the device. If there is only one, that of the camera stands for it.</summary>
    public string Camera => _camera;

    /// <summary>One for each picture.</summary>
    public IReadOnlyList<string> PictureCaptions { get; }

    /// <summary>For below each picture: its attempt, if there are several, and the warning about it; or "".</summary>
    public IEnumerable<string> PictureLabels => _content.Pictures.Select(picture => string.Join(": ",
        new[] { _content.Pictures.Count > 1 ? AttemptOf(picture) : "", LabelOf(picture) }.Where(part => part.Length > 0)));

    private bool IsSuccessAfterFailures => _content.FailuresBefore > 0;

    private string NewBrowser =>
        $"{AlertFacts.BrowserOf(_content.Attempts[^1])}, from {RemotePlace.Describe(_content.Attempts[^1].RemoteAddress)}";

    /// <summary>Not a mail about several attempts, of which one had the right password.</summary>
    private bool IsAboutKnownPassword =>
        _content is { IsPasswordKnown: true, Kind: MailKind.KnownPassword or MailKind.LatePicture };

    private string MakeSubject()
    {
        var what = IsSuccessAfterFailures
            ? $"{_words.Capitalized} to {_account} {_words.Where} SUCCEEDED after {_content.FailuresBefore} failures"
            : _content.IsNewBrowser
            ? $"Sign-in to {_account} {_words.Where} from a new browser"
            : IsAboutKnownPassword
            ? $"SOMEBODY KNOWS THE PASSWORD of {_account} {_words.Where}"
            : _content.AccountUnknown
            ? $"Failed {_words.Noun} with {_words.Unknown(_account)} {_words.Where}"
            : $"Failed {_words.Noun} to {_account} {_words.Where}";

        return _content.Kind switch
        {
            _ when _content.IsTest => $"{(_content.Kind is MailKind.LatePicture ? "Re: " : "")}Test: {what}",
            MailKind.Attempt or MailKind.Success or MailKind.KnownPassword => what,
            MailKind.LatePicture => $"Re: {what}: the picture",
            MailKind.Summary => $"Re: {what}: {Count(_content.AttemptCount)} in all",
            MailKind.ConfirmRecipient => $"Do you want to receive the alerts of {_account} on {_camera}?",
            MailKind.SettingsChanged => $"The settings of {_account} on {_camera} were changed",
            MailKind.WatchNotice or MailKind.SelfTest => $"{_content.Lines[0]} ({_camera})",
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
            _ when _content.IsTest =>
                $"This is a test alert, requested on the account {_account}: nobody tried to {_words.Verb}. A real alert looks "
                + "like this mail.",
            MailKind.Attempt when _content.Attempts.Count > 1 =>
                $"{Count(_content.AttemptCount)} to {_words.Verb} {where} failed one after another.",
            MailKind.Attempt => $"Someone tried to {_words.Verb} {where} and failed.",
            MailKind.Success when IsSuccessAfterFailures =>
                $"Someone {_words.Past} {where} with the right password, after {_content.FailuresBefore} failed attempts in the "
                + $"hour before.{(_content.IsNewBrowser ? $" The browser is new: {NewBrowser}." : "")}",
            MailKind.Success => $"Someone signed in {where} from a new browser: {NewBrowser}.",
            MailKind.KnownPassword =>
                $"Someone tried to sign in {where} with the right password, and a wrong code. "
                    + "Only the second factor kept them out.",
            MailKind.LatePicture when IsAboutKnownPassword =>
                $"This is the picture of the sign-in {where} with the right password, and a wrong code. {LatePictureReason}",
            MailKind.LatePicture when IsSuccessAfterFailures =>
                $"This is the picture of the {_words.Noun} {where} that succeeded after several failed attempts. "
                + LatePictureReason,
            MailKind.LatePicture when _content.IsNewBrowser =>
                $"This is the picture of the sign-in {where} from a new browser. {LatePictureReason}",
            MailKind.LatePicture => $"This is the picture of the failed {_words.Noun} {where}. {LatePictureReason}",
            MailKind.Summary => $"This alert has ended. {Count(_content.AttemptCount)} to {_words.Verb} {where} failed.",
            MailKind.ConfirmRecipient =>
                $"The owner of the account {_account} wants to send the alerts of {_camera} to this address as well. They are "
                + "mails about failed sign-ins, with pictures from a camera.",
            MailKind.SettingsChanged => $"The settings of the account {_account} were changed:",
            MailKind.WatchNotice or MailKind.SelfTest => _content.Lines[1],
            _ when AccountMailText.IsAbout(_content.Kind) => AccountMailText.Opening(_content.Kind, _account, _camera),
            MailKind.Test =>
                $"An administrator of {_camera} requested this test mail. If you can read it, alerts can reach this address.",
            _ when _content.Pictures.Count == 0 =>
                $"The account {_account} requested a picture from {_camera}, but there is none.",
            _ => $"This is the picture from {_camera} that the account {_account} requested.",
        };
    }

    private IEnumerable<string> MakeNotices()
    {
        // Those of a notice about SentinelCam itself begin with subject and opening
        foreach (var line in _content.Lines.Skip(_content.Kind is MailKind.WatchNotice or MailKind.SelfTest ? 2 : 0))
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
        if (_content.IsTest)
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

    private MailQuestion? MakeQuestion() => _content switch
    {
        { ConfirmLink: { } link } when AccountMailText.IsAbout(_content.Kind) =>
            new(AccountMailText.Question(_content.Kind), "Open this page", link, [(AccountMailText.Button(_content.Kind), link)]),
        { ConfirmLink: { } confirm } =>
            new("Do you want to receive these alerts?", "Open this page to confirm", confirm, [("Confirm", confirm)]),
        { AnswerLink: { } answer } => new("Was it you?", "Answer on this page", answer,
            [("Yes, it was me", AnswerLinks.ItWasMe(answer)), ("No, it was not me", AnswerLinks.NotMe(answer))]),
        _ => null,
    };

    private string Caption(MailPicture picture)
    {
        var scaled = picture.ScaledFrom is null ? "" : $" (reduced from {picture.ScaledFrom})";
        var caption = string.Create(CultureInfo.InvariantCulture,
            $"taken on {Time(picture.TakenAt)}, {picture.Width} x {picture.Height} pixels{scaled}");
        if (LabelOf(picture) is { Length: > 0 } label)
            caption = $"{label}: {caption}";
        return AttemptOf(picture) is { Length: > 0 } attempt ? $"{attempt}: {caption}" : caption;
    }

    private static string AttemptOf(MailPicture picture) =>
        picture.Attempt is { } number ? $"attempt {Number(number)}" : "";

    private static string LabelOf(MailPicture picture) => VisitorText.Clean(picture.Label, MaxNameLength);

    private string Time(DateTimeOffset time) => MailTime.ToTheSecond(time, _content.TimeZone);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Count(int attempts) => $"{Number(attempts)} {(attempts == 1 ? "attempt" : "attempts")}";
}

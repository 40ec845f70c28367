using System.Globalization;
using SentinelCam.Data;
using SentinelCam.Mail;
using SentinelCam.Visitors;

namespace SentinelCam.Alerts;

/// <summary>One line of a mail's table.</summary>
internal sealed record AlertFact(string Label, string Value);

/// <summary>The words of a mail, free of any form, so that the plain and the HTML text say the same. Nothing in it is encoded yet.</summary>
internal sealed class AlertText
{
    private const int MaxNameLength = 80;
    private const int MaxUserAgentLength = 300;
    private const int MaxLineLength = 600;

    /// <summary>So many attempts are told in full.</summary>
    public const int MaxAttemptsTold = 20;

    private readonly AlertContent _content;
    private readonly string _account;
    private readonly string _camera;
    private readonly int _picturesLeftOut;

    /// <param name="content">What the mail is about, with the pictures that it carries.</param>
    /// <param name="picturesLeftOut">How many more there are that do not fit into it.</param>
    public AlertText(AlertContent content, int picturesLeftOut = 0)
    {
        _content = content;
        _picturesLeftOut = picturesLeftOut;
        _account = content.SeveralAccounts ? "several accounts" : VisitorText.Clean(content.AccountName, MaxNameLength);
        _camera = VisitorText.Clean(content.CameraName, MaxNameLength);

        Subject = MakeSubject();
        Opening = MakeOpening();
        PictureCaptions = [.. content.Pictures.Select(Caption)];
        Tables = [.. MakeTables()];
        Notices = [.. MakeNotices()];
        Advice = [.. MakeAdvice()];
    }

    public string Subject { get; }

    public string Opening { get; }

    /// <summary>One table for the burst, if there is one to tell of, then one for each attempt, then one for the camera.</summary>
    public IReadOnlyList<IReadOnlyList<AlertFact>> Tables { get; }

    public IReadOnlyList<string> Notices { get; }

    public IReadOnlyList<string> Advice { get; }

    /// <summary>One for each picture.</summary>
    public IReadOnlyList<string> PictureCaptions { get; }

    private bool IsAboutAttempts => _content.Attempts.Count > 0;

    private bool IsSuccess => _content.FailuresBefore > 0;

    private string MakeSubject()
    {
        var what = IsSuccess
            ? $"Sign-in to {_account} on {_camera} SUCCEEDED after {_content.FailuresBefore} failures"
            : _content.AccountUnknown
            ? $"Failed sign-in with the unknown account {_account} on {_camera}"
            : $"Failed sign-in to {_account} on {_camera}";

        return _content.Kind switch
        {
            MailKind.Attempt or MailKind.Success => what,
            MailKind.LatePicture => $"Re: {what}: the picture",
            MailKind.Summary => $"Re: {what}: {Count(_content.AttemptCount)} in all",
            MailKind.ConfirmRecipient => $"Do you want the alerts of {_account} on {_camera}?",
            MailKind.SettingsChanged => $"The settings of {_account} on {_camera} were changed",
            MailKind.Test => $"Test mail from SentinelCam on {_camera}",
            _ => $"Picture from {_camera} for {_account}",
        };
    }

    private string MakeOpening()
    {
        var who = _content.SeveralAccounts ? $"to {_account}"
            : _content.AccountUnknown
            ? $"with an account that does not exist here ({_account})"
            : $"to the account {_account}";

        return _content.Kind switch
        {
            MailKind.Attempt when _content.Attempts.Count > 1 => $"{Count(_content.AttemptCount)} to sign in {who} on {_camera} failed one after another.",
            MailKind.Attempt => $"Someone tried to sign in {who} on {_camera} and failed.",
            MailKind.Success => $"Someone signed in {who} on {_camera} with the right password, after {_content.FailuresBefore} failures within the hour before.",
            MailKind.LatePicture when IsSuccess => $"This is the picture of the sign-in {who} on {_camera} that succeeded after several failures. It came too late for the first mail.",
            MailKind.LatePicture => $"This is the picture of the failed sign-in {who} on {_camera}. It came too late for the first mail.",
            MailKind.Summary => $"The alert is closed. {Count(_content.AttemptCount)} to sign in {who} on {_camera} failed.",
            MailKind.ConfirmRecipient => $"The owner of the account {_account} wants the alerts of {_camera} to come to this address as well: mails about failed sign-ins, with pictures of a camera.",
            MailKind.SettingsChanged => $"Somebody who is signed in to the account {_account} changed its settings:",
            MailKind.Test => $"This is the test mail that an administrator of {_camera} asked for. If you can read this, alerts can reach this address.",
            _ when _content.Pictures.Count == 0 => $"The account {_account} asked for a picture from {_camera}, and there is none.",
            _ => $"This is the picture from {_camera} that was asked for by the account {_account}.",
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
        foreach (var address in _content.Addresses)
            yield return new AlertFact("From", $"{RemotePlace.Describe(address.RemoteAddress)}: {Count(address.Attempts)}");
        if (_content.AddressCount > _content.Addresses.Count)
            yield return new AlertFact("From", $"{Number(_content.AddressCount - _content.Addresses.Count)} other addresses; the log has them all");
        var untold = _content.AttemptCount - Math.Min(_content.Attempts.Count, MaxAttemptsTold);
        if (untold > 0)
            yield return new AlertFact("Not shown here", Count(untold) + "; the log has them all");
    }

    private IEnumerable<AlertFact> AttemptFacts(MailAttempt attempt)
    {
        yield return new AlertFact("When", Time(attempt.At));
        yield return new AlertFact("Account", VisitorText.Clean(attempt.AccountTyped, MaxNameLength));
        yield return new AlertFact("From", RemotePlace.Describe(attempt.RemoteAddress));
        yield return new AlertFact("Browser", VisitorText.Clean(attempt.UserAgent, MaxUserAgentLength) is { Length: > 0 } agent ? agent : "did not say");
        yield return new AlertFact("Outcome", VisitorText.Clean(attempt.Outcome, MaxNameLength));
        yield return IsSuccess ? new AlertFact("Failed before", Number(_content.FailuresBefore)) : new AlertFact("Attempt", $"{Number(attempt.Number)} of this burst");
    }

    private IEnumerable<AlertFact> CameraFacts()
    {
        yield return new AlertFact("Camera", _camera);
        foreach (var caption in PictureCaptions)
            yield return new AlertFact("Picture", caption);
        if (_picturesLeftOut > 0)
            yield return new AlertFact("Left out", $"{Number(_picturesLeftOut)} {(_picturesLeftOut == 1 ? "picture that is" : "pictures that are")} too large for a mail and cannot be made smaller here; see the image log");
        else if (_content.Kind == MailKind.Summary && PictureCaptions.Count > 0)
            yield return new AlertFact("All pictures", "in the image log");
        if (_content.PictureProblem is not null || PictureCaptions.Count + _picturesLeftOut == 0)
            yield return new AlertFact("No picture", VisitorText.Clean(_content.PictureProblem, MailOutcome.MaxReplyLength) is { Length: > 0 } why ? why : "none was taken");
    }

    private IEnumerable<string> MakeNotices()
    {
        foreach (var line in _content.Lines)
            yield return VisitorText.Clean(line, MaxLineLength);
        if (_content.Success is { } success)
            yield return $"Since the first of these failures somebody signed in to {VisitorText.Clean(success.AccountTyped, MaxNameLength)} with the right password: on {Time(success.At)}, from {RemotePlace.Describe(success.RemoteAddress)}. A mail of its own tells of it.";
        var kinds = _content.Attempts.Select(attempt => RemotePlace.KindOf(attempt.RemoteAddress)).ToHashSet();
        if (kinds.Contains(RemoteKind.Remote))
            yield return "This came over the network from a remote address. The camera cannot see that person: it shows who was near this device, not who typed.";
        if (kinds.Contains(RemoteKind.LocalNetwork))
            yield return "This came from another machine in the local network. The camera shows who was near this device, perhaps not who typed.";
    }

    private IEnumerable<string> MakeAdvice() => _content.Kind switch
    {
        MailKind.Test => [],
        MailKind.ConfirmRecipient =>
        [
            "If you want them, open the link above and confirm. It works once, for a day.",
            "If you do not, or do not know what this is about, do nothing: nothing else will be sent here.",
        ],
        MailKind.SettingsChanged =>
        [
            "If this was you, there is nothing to do.",
            "If it was not you, somebody is signed in to your account: change your password, sign out everywhere else, and set back your alerts under Settings. If your password does not work any more, tell the administrator.",
        ],
        MailKind.Manual => ["If you did not ask for this picture, change your password: somebody is signed in to your account."],
        _ when IsSuccess =>
        [
            "If this was you, there is nothing to do.",
            "If it was not you, somebody knows your password and is signed in. Change it now under Settings: that signs everybody else out within a minute.",
            "Then look under Settings whether your alerts were changed, and tell the administrator.",
        ],
        _ when _content.Success is not null =>
        [
            "If it was you who signed in, there is nothing to do.",
            "If it was not you, somebody knows your password and is signed in. Change it now under Settings: that signs everybody else out within a minute.",
        ],
        _ when _content.ForAdministrators =>
        [
            "You get this mail as an administrator: there is no account of this name that has been let in.",
            "A single attempt is often a slip of the hand. If many follow, block the address they come from.",
        ],
        _ =>
        [
            "If this was you with a mistyped password, there is nothing to do.",
            _content.Pictures.All(picture => picture.Label is not null) || _content.Attempts.All(IsRemote)
                ? "If it was not you: nobody got in this time."
                : "If it was not you, see in the picture who it was. Nobody got in this time.",
            "If the password may be known to others, sign in and change it now.",
        ],
    };

    private static bool IsRemote(MailAttempt attempt) => RemotePlace.KindOf(attempt.RemoteAddress) == RemoteKind.Remote;

    private string Caption(MailPicture picture)
    {
        var scaled = picture.ScaledFrom is null ? "" : $" (made smaller from {picture.ScaledFrom})";
        var caption = string.Create(CultureInfo.InvariantCulture, $"taken on {Time(picture.TakenAt)}, {picture.Width} x {picture.Height} pixels{scaled}");
        if (VisitorText.Clean(picture.Label, MaxNameLength) is { Length: > 0 } label)
            caption = $"{label}: {caption}";
        return picture.Attempt is { } number ? $"attempt {Number(number)}: {caption}" : caption;
    }

    private string Time(DateTimeOffset time)
    {
        var local = TimeZoneInfo.ConvertTime(time, _content.TimeZone);
        return string.Create(CultureInfo.InvariantCulture, $"{local:dddd, d MMMM yyyy, HH:mm:ss zzz} ({_content.TimeZone.Id})");
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Count(int attempts) => $"{Number(attempts)} {(attempts == 1 ? "attempt" : "attempts")}";
}

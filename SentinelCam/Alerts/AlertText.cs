using System.Globalization;
using SentinelCam.LoginAttempts;

namespace SentinelCam.Alerts;

/// <summary>One line of a mail's table.</summary>
internal sealed record AlertFact(string Label, string Value);

/// <summary>The words of a mail, free of any form, so that the plain and the HTML text say the same. Nothing in it is encoded yet.</summary>
internal sealed class AlertText
{
    private const int MaxNameLength = 80;
    private const int MaxUserAgentLength = 300;
    private const int MaxAttemptsTold = 20;

    private readonly AlertContent _content;
    private readonly string _account;
    private readonly string _camera;

    public AlertText(AlertContent content)
    {
        _content = content;
        _account = VisitorText.Clean(content.AccountName, MaxNameLength);
        _camera = VisitorText.Clean(content.CameraName, MaxNameLength);

        Subject = MakeSubject();
        Opening = MakeOpening();
        Tables = [.. MakeTables()];
        Notices = [.. MakeNotices()];
        Advice = [.. MakeAdvice()];
        PictureCaption = content.Picture is { } picture ? Caption(picture) : null;
    }

    public string Subject { get; }

    public string Opening { get; }

    /// <summary>One table for the burst, if there is one to tell of, then one for each attempt, then one for the camera.</summary>
    public IReadOnlyList<IReadOnlyList<AlertFact>> Tables { get; }

    public IReadOnlyList<string> Notices { get; }

    public IReadOnlyList<string> Advice { get; }

    public string? PictureCaption { get; }

    private string MakeSubject()
    {
        var failed = _content.AccountUnknown
            ? $"Failed sign-in with the unknown account {_account} on {_camera}"
            : $"Failed sign-in to {_account} on {_camera}";

        return _content.Kind switch
        {
            MailKind.Attempt => failed,
            MailKind.LatePicture => $"Re: {failed}: the picture",
            MailKind.Summary => $"Re: {failed}: {Count(_content.AttemptCount)} in all",
            _ => $"Picture from {_camera} for {_account}",
        };
    }

    private string MakeOpening()
    {
        var who = _content.AccountUnknown
            ? $"with an account that does not exist here ({_account})"
            : $"to the account {_account}";

        return _content.Kind switch
        {
            MailKind.Attempt => $"Someone tried to sign in {who} on {_camera} and failed.",
            MailKind.LatePicture => $"This is the picture of the failed sign-in {who} on {_camera}. It came too late for the first mail.",
            MailKind.Summary => $"It is quiet again. {Count(_content.AttemptCount)} to sign in {who} on {_camera} failed.",
            _ when _content.Picture is null => $"The account {_account} asked for a picture from {_camera}, and there is none.",
            _ => $"This is the picture from {_camera} that was asked for by the account {_account}.",
        };
    }

    private IEnumerable<IReadOnlyList<AlertFact>> MakeTables()
    {
        if (_content.AttemptCount > 1)
            yield return [.. BurstFacts()];
        foreach (var attempt in _content.Attempts.Take(MaxAttemptsTold))
            yield return [.. AttemptFacts(attempt)];
        yield return [.. CameraFacts()];
    }

    private IEnumerable<AlertFact> BurstFacts()
    {
        yield return new AlertFact("Attempts", _content.AttemptCount.ToString(CultureInfo.InvariantCulture));
        yield return new AlertFact("First", Time(_content.FirstAt));
        yield return new AlertFact("Last", Time(_content.LastAt));
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
    }

    private IEnumerable<AlertFact> CameraFacts()
    {
        yield return new AlertFact("Camera", _camera);
        if (_content.Picture is { } picture)
            yield return new AlertFact("Picture", Caption(picture));
        else if (_content.Kind == MailKind.Summary)
            yield return new AlertFact("Pictures", "in the image log");
        else
            yield return new AlertFact("No picture", VisitorText.Clean(_content.PictureProblem, MailOutcome.MaxReplyLength) is { Length: > 0 } why ? why : "none was taken");
    }

    private IEnumerable<string> MakeNotices()
    {
        var kinds = _content.Attempts.Select(attempt => RemotePlace.KindOf(attempt.RemoteAddress)).ToHashSet();
        if (kinds.Contains(RemoteKind.Remote))
            yield return "This came over the network from a remote address. The camera cannot see that person: it shows who was near this device, not who typed.";
        if (kinds.Contains(RemoteKind.LocalNetwork))
            yield return "This came from another machine in the local network. The camera shows who was near this device, perhaps not who typed.";
    }

    private IEnumerable<string> MakeAdvice()
    {
        if (_content.Kind == MailKind.Manual)
        {
            yield return "If you did not ask for this picture, change your password: somebody is signed in to your account.";
        }
        else if (_content.ForAdministrators)
        {
            yield return "You get this mail as an administrator: there is no account of this name that has been let in.";
            yield return "A single attempt is often a slip of the hand. If many follow, block the address they come from.";
        }
        else
        {
            yield return "If this was you with a mistyped password, there is nothing to do.";
            yield return _content.Picture is null || _content.Attempts.All(IsRemote)
                ? "If it was not you: nobody got in this time."
                : "If it was not you, see in the picture who it was. Nobody got in this time.";
            yield return "If the password may be known to others, sign in and change it now.";
        }
    }

    private static bool IsRemote(MailAttempt attempt) => RemotePlace.KindOf(attempt.RemoteAddress) == RemoteKind.Remote;

    private string Caption(MailPicture picture)
    {
        var caption = string.Create(CultureInfo.InvariantCulture, $"taken on {Time(picture.TakenAt)}, {picture.Width} x {picture.Height} pixels");
        return VisitorText.Clean(picture.Label, MaxNameLength) is { Length: > 0 } label ? $"{label}: {caption}" : caption;
    }

    private string Time(DateTimeOffset time)
    {
        var local = TimeZoneInfo.ConvertTime(time, _content.TimeZone);
        return string.Create(CultureInfo.InvariantCulture, $"{local:dddd, d MMMM yyyy, HH:mm:ss zzz} ({_content.TimeZone.Id})");
    }

    private static string Count(int attempts) =>
        string.Create(CultureInfo.InvariantCulture, $"{attempts} {(attempts == 1 ? "attempt" : "attempts")}");
}

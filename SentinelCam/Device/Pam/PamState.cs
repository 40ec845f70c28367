namespace SentinelCam.Device;

/// <summary>What stands on this device for SentinelCam's part in log-ins.</summary>
/// <param name="Lines">The lines in <c>/etc/pam.d</c> that run the helper.</param>
/// <param name="Profiles">The profiles for <c>pam-auth-update</c> that are there.</param>
/// <param name="Helper">The program that PAM runs.</param>
/// <param name="Spool">The directory where it puts events; null if there is none.</param>
public sealed record PamState(
    IReadOnlyList<PamLine> Lines, IReadOnlyList<string> Profiles, PamHelperState Helper, SpoolState? Spool)
{
    /// <summary>Whether a line reports failed log-ins.</summary>
    public bool ReportsFailed => Lines.Any(line => line.Kind == "failed");

    /// <summary>Whether a line reports log-ins that succeeded, which an alert about a success after failures needs.</summary>
    public bool ReportsAccepted => Lines.Any(line => line.Kind == "accepted");
}

/// <summary>A line in a file of <c>/etc/pam.d</c> that runs the helper.</summary>
/// <param name="File">The file's absolute path.</param>
/// <param name="Text">The line.</param>
public sealed record PamLine(string File, string Text)
{
    /// <summary>What it reports: <c>failed</c> or <c>accepted</c>.</summary>
    public string Kind => Text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[^1];

    /// <summary>Whether PAM ignores its result. With any other control, the line could let everybody in or nobody.</summary>
    public bool IsHarmless => Text.Contains("[default=ignore]", StringComparison.Ordinal);
}

/// <summary>The state of the program that PAM runs.</summary>
public enum PamHelperState
{
    /// <summary>It is this version's, and everybody can run it.</summary>
    InPlace,

    /// <summary>There is none.</summary>
    Missing,

    /// <summary>It is not executable for everybody, or others than root can change it.</summary>
    WrongMode,

    /// <summary>It is another version's, or was edited.</summary>
    Different,
}

/// <summary>The spool.</summary>
/// <param name="OwnerId">The number of the user who owns it and reads the events.</param>
/// <param name="HasRightModes">Whether every log-in can be reported, and by its right user only.</param>
/// <param name="Events">How many events wait in it, and when the newest came; null if this process may not list it.</param>
public sealed record SpoolState(uint OwnerId, bool HasRightModes, (int Count, DateTimeOffset? Newest)? Events)
{
    /// <summary>Everybody can write, nobody but the owner can list, and nobody can remove the files of others.</summary>
    public const UnixFileMode RightMode = UnixFileMode.SetGroup | UnixFileMode.StickyBit
        | UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Only the owner and root can do anything there. What root puts there gets the owner's group.</summary>
    public const UnixFileMode RightRootMode = UnixFileMode.SetGroup
        | UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
}

using System.Globalization;
using System.Text.RegularExpressions;
using SentinelCam.Data;

namespace SentinelCam.Device;

/// <summary>Finds log-ins in messages of the journal.</summary>
/// <remarks>
/// Whoever logs in chooses the name, and it can look like the rest of a message. In PAM's messages the name stands last, so the
/// fields before it are read from the left. In those of sshd it stands first, so address and port are read from the right.
/// </remarks>
/// <param name="find">Finds a user of the device by name.</param>
/// <param name="findById">Finds a user of the device by number.</param>
internal sealed partial class JournalMessages(Func<string, OsUser?> find, Func<uint, OsUser?> findById)
{
    /// <summary>A log-in program gives up after a few tries.</summary>
    private const int MaxTries = 10;

    /// <summary>The log-ins that an entry reports: none, one, or several that are reported together.</summary>
    public IReadOnlyList<DeviceEvent> Read(JournalEntry entry)
    {
        var message = entry.Message;
        var tries = 1;
        if (Repeated().Match(message) is { Success: true } repeated)
        {
            tries = Count(repeated);
            message = repeated.Groups["message"].Value;
        }

        if (JournalPrograms.IsSsh(entry))
            return Times(tries, ReadSsh(entry, message));
        if (JournalPrograms.IsSudo(entry) && SudoAttempts().Match(message) is { Success: true } attempts)
        {
            var failed = Failed(entry, "sudo", attempts);
            // The first wrong password has a message of its own, PAM's
            return Times(Count(attempts) - 1, failed with { Caller = failed.User });
        }

        if (PamFailure().Match(message) is { Success: true } failure)
            return Times(tries, ReadPam(entry, failure, failure.Groups["service"].Value));
        if (PamMoreFailures().Match(message) is { Success: true } more && !JournalPrograms.IsSudo(entry))
            return Times(Count(more), ReadPam(entry, more, JournalPrograms.ServiceOf(entry)));
        return PamSession().Match(message) is { Success: true } session ? Times(1, ReadSession(entry, session)) : [];
    }

    private DeviceEvent? ReadSsh(JournalEntry entry, string message)
    {
        if (SshFailure().Match(message) is { Success: true } failure)
            return Failed(entry, "sshd", failure) with { RemoteHost = failure.Groups["host"].Value };
        return SshSuccess().Match(message) is { Success: true } success
            ? Failed(entry, "sshd", success) with { RemoteHost = success.Groups["host"].Value, IsAccepted = true }
            : null;
    }

    private DeviceEvent? ReadPam(JournalEntry entry, Match message, string service)
    {
        if (!JournalPrograms.MayReport(entry, service))
            return null;
        var failed = Failed(entry, service, message);
        if (entry.UserId == 0)
        {
            return failed with
            {
                Caller = Known(message.Groups["caller"].Value)?.Name ?? "",
                RemoteHost = message.Groups["host"].Value,
            };
        }

        if (DeviceServices.RunsAsUser(service))
            return Known(failed.User)?.Id == entry.UserId ? failed : null;
        return failed with { Caller = findById(entry.UserId)?.Name ?? "" };
    }

    /// <summary>
    /// A session that begins shows that a password was right. That of <c>sudo</c> does not, because it remembers passwords.
    /// </summary>
    private DeviceEvent? ReadSession(JournalEntry entry, Match message)
    {
        var service = message.Groups["service"].Value;
        var kind = DeviceServices.KindOf(service);
        if (!JournalPrograms.MayReport(entry, service)
            || kind is not (DeviceService.LogInScreen or DeviceService.Console or DeviceService.Su)
            // root needs no password for su
            || (kind is DeviceService.Su && message.Groups["uid"].Value == "0"))
            return null;
        var caller = entry.UserId == 0 ? "" : findById(entry.UserId)?.Name ?? "";
        return Failed(entry, service, message) with { Caller = caller, IsAccepted = true };
    }

    private DeviceEvent Failed(JournalEntry entry, string service, Match message) => new()
    {
        Key = $"journal:{entry.Cursor}",
        At = entry.At,
        IsAccepted = false,
        Service = service,
        User = message.Groups["unknown"].Success ? "" : Known(message.Groups["user"].Value)?.Name ?? "",
        Terminal = Terminal(message.Groups["tty"].Value),
        Session = entry.Session,
    };

    private OsUser? Known(string name) => name.Length == 0 || name.Any(char.IsWhiteSpace) ? null : find(name);

    private static string Terminal(string path) => path.StartsWith("/dev/", StringComparison.Ordinal) ? path[5..] : path;

    private static int Count(Match message) =>
        int.TryParse(message.Groups["count"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? Math.Min(count, MaxTries)
            : MaxTries;

    private static IReadOnlyList<DeviceEvent> Times(int count, DeviceEvent? happened) => happened is null || count < 1
        ? []
        : [.. Enumerable.Range(1, count).Select(i => i == 1 ? happened : happened with { Key = $"{happened.Key}#{i}" })];

    private const string PamFields =
        @"; logname=\S* uid=\d+ euid=\d+ tty=(?<tty>\S*) ruser=(?<caller>\S*) rhost=(?<host>\S*)\s*?(?: user=(?<user>.*))?$";

    [GeneratedRegex(@"^pam_unix\((?<service>[^\s:()]+):auth\): authentication failure" + PamFields, RegexOptions.Singleline)]
    private static partial Regex PamFailure();

    [GeneratedRegex(@"^PAM (?<count>\d+) more authentication failures?" + PamFields, RegexOptions.Singleline)]
    private static partial Regex PamMoreFailures();

    [GeneratedRegex(
        @"^pam_unix\((?<service>[^\s:()]+):session\): session opened for user (?<user>[^\s(]+)(?:\(uid=\d+\))? by "
        + @"[^\s(]*\(uid=(?<uid>\d+)\)$")]
    private static partial Regex PamSession();

    [GeneratedRegex(
        @"^(?:Failed password for (?<unknown>invalid user )?(?<user>.*) from (?<host>\S+) port \d+(?: ssh2)?"
        + @"|(?:error: )?PAM: Authentication failure for (?<unknown>illegal user )?(?<user>.*) from (?<host>\S+))$",
        RegexOptions.Singleline)]
    private static partial Regex SshFailure();

    [GeneratedRegex(
        @"^Accepted (?:password|keyboard-interactive/pam) for (?<user>.*) from (?<host>\S+) port \d+(?: ssh2)?$",
        RegexOptions.Singleline)]
    private static partial Regex SshSuccess();

    [GeneratedRegex(@"^\s*(?<user>\S+) : (?<count>\d+) incorrect password attempts? ; (?:TTY=(?<tty>\S+) ; )?")]
    private static partial Regex SudoAttempts();

    [GeneratedRegex(@"^message repeated (?<count>\d+) times: \[ ?(?<message>.*)\]$", RegexOptions.Singleline)]
    private static partial Regex Repeated();
}

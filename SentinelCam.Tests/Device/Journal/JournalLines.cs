using System.Text.Json;
using SentinelCam.Device;

namespace SentinelCam.Tests.Device;

/// <summary>Lines of <c>journalctl -o json</c>, and the users of the device that wrote them.</summary>
internal static class JournalLines
{
    public const string Sudo = "/usr/bin/sudo";
    public const string Su = "/usr/bin/su";
    public const string Sshd = "/usr/sbin/sshd";

    /// <summary>As a journal of Debian 12 gave it for a wrong password at <c>su</c>, with Ann's number and name.</summary>
    public static readonly string RecordedSu = """
        {"__MONOTONIC_TIMESTAMP":"13364656215",
        "_BOOT_ID":"a3fcc572964645e4a5b59562623bf501",
        "_TRANSPORT":"syslog",
        "_SOURCE_REALTIME_TIMESTAMP":"1795720779925762",
        "__REALTIME_TIMESTAMP":"1795720779929515",
        "__CURSOR":"s=0399685f9e6243a1bb2c8bcac29a2f77;i=6;b=a3fcc572964645e4a5b59562623bf501;m=31c987857;t=66132d33417ab;x=43b",
        "_COMM":"su",
        "_UID":"1001",
        "MESSAGE":"pam_unix(su:auth): authentication failure; logname= uid=1001 euid=0 tty= ruser=ann rhost=  user=root",
        "_EXE":"/usr/bin/su",
        "SYSLOG_IDENTIFIER":"su"}
        """.ReplaceLineEndings("");

    private static readonly OsUser[] Users = [new("root", 0, 0), new("ann", 1001, 1001), new("ben", 1002, 1002)];

    public static JournalMessages Messages { get; } = new(
        name => Array.Find(Users, user => user.Name == name), id => Array.Find(Users, user => user.Id == id));

    /// <summary>A line.</summary>
    /// <param name="number">Its number, from which cursor and time follow.</param>
    /// <param name="program">The program that wrote it.</param>
    /// <param name="userId">The user who ran the program.</param>
    /// <param name="message">The message.</param>
    /// <param name="session">The session of the program.</param>
    /// <param name="identifier">What the program calls itself.</param>
    public static string Line(
        int number, string program, int userId, string message, string? session = null, string? identifier = null)
    {
        var fields = new Dictionary<string, object?>
        {
            ["__CURSOR"] = Cursor(number),
            ["__REALTIME_TIMESTAMP"] = $"{1795720779000000L + (number * 1_000_000L)}",
            ["_SOURCE_REALTIME_TIMESTAMP"] = $"{1795720778990000L + (number * 1_000_000L)}",
            ["_TRANSPORT"] = "syslog",
            ["_UID"] = $"{userId}",
            ["_EXE"] = program,
            ["SYSLOG_IDENTIFIER"] = identifier ?? Path.GetFileName(program),
            ["MESSAGE"] = message.Any(char.IsControl)
                ? System.Text.Encoding.UTF8.GetBytes(message).Select(part => (int)part).ToArray()
                : message,
        };
        if (session is not null)
            fields["_SYSTEMD_SESSION"] = session;
        return JsonSerializer.Serialize(fields);
    }

    public static string Cursor(int number) =>
        $"s=0399685f9e6243a1bb2c8bcac29a2f77;i={number:x};b=a3fcc572964645e4a5b59562623bf501;m=31c987857;t=66132d33417ab;x=43b5";

    /// <summary>PAM's message about a wrong password.</summary>
    public static string PamFailure(string service, string fields, string? user) =>
        $"pam_unix({service}:auth): authentication failure; {fields} {(user is null ? "" : $" user={user}")}";

    /// <summary>A wrong password at <c>su</c>, typed by Ann.</summary>
    public static string WrongSu(int number) => Line(number, Su, 1001,
        "pam_unix(su:auth): authentication failure; logname=ann uid=1001 euid=0 tty=/dev/pts/0 ruser=ann rhost=  user=ben", "4");
}

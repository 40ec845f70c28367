using System.Text.Json.Nodes;
using SentinelCam.Device;

namespace SentinelCam.Tests.Device;

/// <summary>Which log-ins are found in lines of the journal, and what is believed.</summary>
public sealed class JournalMessagesTests
{
    private const string Login = "/usr/bin/login";
    private const string Lightdm = "/usr/sbin/lightdm";
    private const string Unknown = "No_such_user";

    [Fact]
    public void Recorded_line_of_su_is_a_failure_with_caller_and_the_time_when_it_was_written()
    {
        var happened = Assert.Single(Read(JournalLines.RecordedSu));

        Assert.Equal(
            new DeviceEvent
            {
                Key = "journal:s=0399685f9e6243a1bb2c8bcac29a2f77;i=6;b=a3fcc572964645e4a5b59562623bf501;m=31c987857;"
                    + "t=66132d33417ab;x=43b",
                At = DateTimeOffset.UnixEpoch.AddMicroseconds(1795720779925762),
                IsAccepted = false,
                Service = "su",
                User = "root",
                Caller = "ann",
            },
            happened);
    }

    [Fact]
    public void Terminal_and_session_are_kept()
    {
        var happened = Assert.Single(Read(JournalLines.WrongSu(1)));

        Assert.Equal(("su", "ben", "ann", "pts/0", "4", ""),
            (happened.Service, happened.User, happened.Caller, happened.Terminal, happened.Session, happened.RemoteHost));
    }

    [Fact]
    public void Sudo_reports_the_first_failure_at_once_and_the_others_at_the_end()
    {
        var first = Read(JournalLines.Line(1, JournalLines.Sudo, 1001,
            JournalLines.PamFailure("sudo", "logname=ann uid=1001 euid=0 tty=/dev/pts/0 ruser=ann rhost=", "ann")));
        var others = Read(JournalLines.Line(2, JournalLines.Sudo, 0,
            "     ann : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/id"));
        var one = Read(JournalLines.Line(3, JournalLines.Sudo, 0,
            "     ann : 1 incorrect password attempt ; TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/id"));

        Assert.Equal(("sudo", "ann", "ann", "pts/0"),
            Assert.Single(first.Select(item => (item.Service, item.User, item.Caller, item.Terminal))));
        Assert.Equal(
            Enumerable.Repeat(("sudo", "ann", "ann", "pts/0"), 2),
            others.Select(item => (item.Service, item.User, item.Caller, item.Terminal)));
        Assert.Equal(2, others.Select(item => item.Key).Distinct().Count());
        Assert.Empty(one);
    }

    [Fact]
    public void Text_of_a_command_cannot_pose_as_attempts()
    {
        Assert.Empty(Read(JournalLines.Line(1, JournalLines.Sudo, 0,
            "     ann : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/echo ben : 3 incorrect password attempts ; TTY=pts/0 ;")));
        Assert.Empty(Read(JournalLines.Line(2, JournalLines.Sudo, 0,
            "     ann : (command continued) ben : 3 incorrect password attempts ; TTY=pts/0 ; ")));
    }

    [Theory]
    [InlineData("Failed password for ann from 203.0.113.9 port 50022 ssh2", "ann", "203.0.113.9")]
    [InlineData("Failed password for ann from fe80::1%eth0 port 50022 ssh2", "ann", "fe80::1%eth0")]
    [InlineData("Failed password for invalid user ann from 203.0.113.9 port 50022 ssh2", "", "203.0.113.9")]
    [InlineData("Failed password for invalid user  from 203.0.113.9 port 50022 ssh2", "", "203.0.113.9")]
    [InlineData("Failed password for nobody-here from 203.0.113.9 port 50022 ssh2", "", "203.0.113.9")]
    [InlineData("error: PAM: Authentication failure for ann from 203.0.113.9", "ann", "203.0.113.9")]
    [InlineData("error: PAM: Authentication failure for illegal user ann from 203.0.113.9", "", "203.0.113.9")]
    [InlineData("Failed password for invalid user ann from 9.9.9.9 port 1 ssh2 from 203.0.113.9 port 50 ssh2", "", "203.0.113.9")]
    [InlineData("Failed password for x rhost=9.9.9.9  user=root from 203.0.113.9 port 50022 ssh2", "", "203.0.113.9")]
    [InlineData("Failed password for root from 9.9.9.9 from 203.0.113.9 port 50022 ssh2", "", "203.0.113.9")]
    public void Ssh_names_user_and_address_and_a_name_cannot_pose_as_them(string message, string user, string host)
    {
        foreach (var program in new[] { JournalLines.Sshd, "/usr/lib/openssh/sshd-session", "/usr/sbin/sshd (deleted)" })
        {
            var happened = Assert.Single(Read(JournalLines.Line(1, program, 0, message)));

            Assert.Equal(
                ("sshd", user, host, false), (happened.Service, happened.User, happened.RemoteHost, happened.IsAccepted));
        }
    }

    [Theory]
    [InlineData("Failed none for invalid user ann from 203.0.113.9 port 50022 ssh2")]
    [InlineData("Failed publickey for ann from 203.0.113.9 port 50022 ssh2")]
    [InlineData("Failed keyboard-interactive/pam for ann from 203.0.113.9 port 50022 ssh2")]
    [InlineData("Accepted publickey for ann from 203.0.113.9 port 50022 ssh2: ED25519 SHA256:abc")]
    [InlineData("Connection closed by authenticating user ann 203.0.113.9 port 50022 [preauth]")]
    [InlineData("pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=ann")]
    [InlineData("PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=ann")]
    [InlineData("pam_unix(sshd:session): session opened for user ann(uid=1001) by (uid=0)")]
    public void What_ssh_says_twice_or_without_a_password_is_ignored(string message) =>
        Assert.Empty(Read(JournalLines.Line(1, JournalLines.Sshd, 0, message)));

    [Fact]
    public void Repeated_message_counts_as_often_as_it_says()
    {
        var happened = Read(JournalLines.Line(1, JournalLines.Sshd, 0,
            "message repeated 2 times: [ Failed password for ann from 203.0.113.9 port 50022 ssh2]"));

        Assert.Equal(
            [
                ("ann", "203.0.113.9", $"journal:{JournalLines.Cursor(1)}"),
                ("ann", "203.0.113.9", $"journal:{JournalLines.Cursor(1)}#2"),
            ],
            happened.Select(item => (item.User, item.RemoteHost, item.Key)));
        Assert.Equal(10, Read(JournalLines.Line(2, JournalLines.Sshd, 0,
            "message repeated 99999999999 times: [ Failed password for ann from 203.0.113.9 port 50022 ssh2]")).Count);
    }

    [Theory]
    [InlineData("Accepted password for ann from 203.0.113.9 port 50022 ssh2", JournalLines.Sshd, "203.0.113.9")]
    [InlineData("Accepted keyboard-interactive/pam for ann from 203.0.113.9 port 50022 ssh2", JournalLines.Sshd, "203.0.113.9")]
    [InlineData("pam_unix(login:session): session opened for user ann(uid=1001) by LOGIN(uid=0)", Login, "")]
    [InlineData("pam_unix(lightdm:session): session opened for user ann(uid=1001) by (uid=0)", Lightdm, "")]
    public void Right_passwords_are_accepted(string message, string program, string host)
    {
        var happened = Assert.Single(Read(JournalLines.Line(1, program, 0, message)));

        Assert.Equal((true, "ann", host), (happened.IsAccepted, happened.User, happened.RemoteHost));
    }

    [Fact]
    public void Session_of_su_shows_a_right_password_unless_root_began_it()
    {
        const string Opened = "pam_unix(su:session): session opened for user ben(uid=1002) by ann(uid={0})";

        Assert.True(Assert.Single(Read(JournalLines.Line(1, JournalLines.Su, 1001, Opened.Replace("{0}", "1001")))).IsAccepted);
        Assert.Empty(Read(JournalLines.Line(2, JournalLines.Su, 0, Opened.Replace("{0}", "0"))));
    }

    [Theory]
    [InlineData("pam_unix(sudo:session): session opened for user root(uid=0) by ann(uid=1001)", JournalLines.Sudo)]
    [InlineData("pam_unix(cron:session): session opened for user ann(uid=1001) by (uid=0)", "/usr/sbin/cron")]
    [InlineData("pam_unix(lightdm-greeter:session): session opened for user ann(uid=1001) by (uid=0)", Lightdm)]
    [InlineData("pam_unix(lightdm:session): session closed for user ann", Lightdm)]
    [InlineData("FAILED LOGIN (1) on '/dev/tty1' FOR 'ann', Authentication failure", Login)]
    [InlineData("password check failed for user (ann)", "/usr/sbin/unix_chkpwd")]
    public void Other_messages_are_ignored(string message, string program) =>
        Assert.Empty(Read(JournalLines.Line(1, program, 0, message)));

    [Fact]
    public void Log_in_screen_and_console_name_their_terminal_and_leave_out_unknown_users()
    {
        var screen = Assert.Single(Read(JournalLines.Line(1, Lightdm, 0,
            "pam_unix(lightdm:auth): authentication failure; logname= uid=0 euid=0 tty=:0 ruser= rhost=  user=ann")));
        var console = Assert.Single(Read(JournalLines.Line(2, Login, 0,
            "pam_unix(login:auth): authentication failure; logname=LOGIN uid=0 euid=0 tty=/dev/tty1 ruser= rhost= ")));
        var more = Read(JournalLines.Line(3, Login, 0,
            "PAM 2 more authentication failures; logname=LOGIN uid=0 euid=0 tty=/dev/tty1 ruser= rhost=  user=ann"));

        Assert.Equal(("lightdm", "ann", ":0"), (screen.Service, screen.User, screen.Terminal));
        Assert.Equal(("login", "", "tty1"), (console.Service, console.User, console.Terminal));
        Assert.Equal([("login", "ann"), ("login", "ann")], more.Select(item => (item.Service, item.User)));
    }

    [Theory]
    [InlineData(Unknown)]
    [InlineData("x rhost=9.9.9.9  user=root")]
    [InlineData("x  user=root")]
    [InlineData(" root")]
    [InlineData("root\n")]
    [InlineData("root\u0001")]
    public void Typed_name_of_no_user_is_not_kept_and_cannot_pose_as_other_fields(string typed)
    {
        var happened = Assert.Single(Read(JournalLines.Line(1, Login, 0,
            JournalLines.PamFailure("login", "logname= uid=0 euid=0 tty=/dev/pts/3 ruser= rhost=203.0.113.9", typed))));

        Assert.Equal(("", "203.0.113.9"), (happened.User, happened.RemoteHost));
        Assert.DoesNotContain(typed.Trim(), happened.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Screen_lock_is_believed_about_the_user_who_runs_it_only()
    {
        const string About = "pam_unix(i3lock:auth): authentication failure; logname= uid=1001 euid=1001 tty=:0 ruser=ben "
            + "rhost=9.9.9.9  user={0}";

        var happened = Assert.Single(Read(JournalLines.Line(1, "/usr/bin/i3lock", 1001, About.Replace("{0}", "ann"))));

        Assert.Equal(("i3lock", "ann", "", "", ":0"),
            (happened.Service, happened.User, happened.Caller, happened.RemoteHost, happened.Terminal));
        Assert.Empty(Read(JournalLines.Line(2, "/usr/bin/i3lock", 1001, About.Replace("{0}", "ben"))));
        Assert.Empty(Read(JournalLines.Line(3, "/usr/bin/i3lock", 1001, About.Replace("{0}", Unknown))));
    }

    [Theory]
    // What it calls itself is not to be trusted
    [InlineData("/usr/bin/logger", 1001)]
    [InlineData("/usr/bin/logger", 0)]
    [InlineData("/usr/bin/dockerd", 0)]
    // A program of the same name, or the program itself without root's rights
    [InlineData("/home/ann/sshd", 1001)]
    [InlineData("/home/ann/sshd", 0)]
    [InlineData("/usr/sbin/sshd", 1001)]
    // The program was gone before the journal could look
    [InlineData("", 0)]
    public void Programs_that_are_not_sshd_are_not_believed_about_it(string program, int userId) =>
        Assert.Empty(Read(JournalLines.Line(
            1, program, userId, "Failed password for ann from 203.0.113.9 port 50022 ssh2", identifier: "sshd")));

    [Theory]
    [InlineData("/home/ann/su", 1001, "su")]
    [InlineData(Login, 1001, "login")]
    [InlineData("/usr/bin/logger", 0, "login")]
    [InlineData("/usr/bin/logger", 1001, "sudo")]
    // A program that speaks for another one
    [InlineData("/usr/bin/su", 1001, "login")]
    [InlineData("/usr/bin/su", 1001, "sshd")]
    [InlineData("/usr/bin/su", 1001, "unknown")]
    public void Programs_are_not_believed_about_the_log_ins_of_others(string program, int userId, string service) =>
        Assert.Empty(Read(JournalLines.Line(
            1, program, userId, JournalLines.PamFailure(service, "logname= uid=0 euid=0 tty=tty1 ruser= rhost=", "ben"))));

    [Fact]
    public void Program_that_a_user_started_names_this_user_as_the_caller_whatever_the_message_says()
    {
        var happened = Assert.Single(Read(JournalLines.Line(1, JournalLines.Su, 1001,
            JournalLines.PamFailure("su", "logname=ben uid=1002 euid=0 tty=pts/0 ruser=ben rhost=9.9.9.9", "root"))));

        Assert.Equal(("ann", ""), (happened.Caller, happened.RemoteHost));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-- cursor: s=1")]
    [InlineData("[]")]
    [InlineData("{}")]
    public void Line_that_is_no_entry_is_passed_over(string line) => Assert.Null(JournalEntry.Parse(line));

    [Theory]
    [InlineData("MESSAGE", "null")]
    [InlineData("MESSAGE", "[\"a\",\"b\"]")]
    [InlineData("MESSAGE", "[256]")]
    [InlineData("_UID", "\"-1\"")]
    [InlineData("_UID", "null")]
    [InlineData("_TRANSPORT", "\"stdout\"")]
    [InlineData("__CURSOR", "\"\"")]
    [InlineData("__REALTIME_TIMESTAMP", "\"9999999999999999999\"")]
    public void Entry_that_lacks_a_field_or_does_not_come_through_syslog_is_passed_over(string field, string json)
    {
        var line = JsonNode.Parse(JournalLines.WrongSu(1))!;
        Assert.NotNull(JournalEntry.Parse(line.ToJsonString()));

        line[field] = JsonNode.Parse(json);

        Assert.Null(JournalEntry.Parse(line.ToJsonString()));
    }

    private static IReadOnlyList<DeviceEvent> Read(string line) =>
        JournalLines.Messages.Read(Assert.IsType<JournalEntry>(JournalEntry.Parse(line)));
}

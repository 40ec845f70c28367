using SentinelCam.Data;
using SentinelCam.Device;

namespace SentinelCam.Tests.Device;

/// <summary>What is read from events of Windows' security log.</summary>
public sealed class SecurityEventXmlTests
{
    private static readonly DateTimeOffset At = new(new DateTime(2026, 11, 26, 9, 12, 44, DateTimeKind.Utc).AddTicks(1938274));

    [Fact]
    public void Documented_sample_is_a_locked_account_at_the_log_in_screen()
    {
        var logIn = Assert.IsType<SecurityLogIn>(SecurityEventXml.Parse(SecurityEvents.DocumentedFailure));

        Assert.True(logIn.IsAtDevice);
        Assert.Equal(
            new DeviceEvent
            {
                Key = "eventlog:229977:2015-09-08T22:54:54.9625117+00:00",
                At = new(new DateTime(2015, 9, 8, 22, 54, 54, DateTimeKind.Utc).AddTicks(9625117)),
                IsAccepted = false,
                Service = DeviceServices.WindowsLogIn,
                User = "Auditor",
                Outcome = LoginOutcome.LockedOut,
            },
            logIn.Event);
    }

    [Theory]
    [InlineData("2", DeviceServices.WindowsLogIn)]
    [InlineData("11", DeviceServices.WindowsLogIn)]
    [InlineData("7", DeviceServices.WindowsUnlock)]
    [InlineData("13", DeviceServices.WindowsUnlock)]
    public void Log_ins_at_the_device_name_no_computer(string type, string service)
    {
        var logIn = LogIn(SecurityEvents.Failure(type, address: "127.0.0.1", workstation: "ELSEWHERE"));

        Assert.Equal((service, "Ann", "", At), (logIn.Service, logIn.User, logIn.RemoteHost, logIn.At));
    }

    [Theory]
    [InlineData("3", "203.0.113.9", "ATTACKER", "203.0.113.9")]
    [InlineData("8", "-", "ATTACKER", "ATTACKER")]
    [InlineData("10", "2001:db8::9", "-", "2001:db8::9")]
    [InlineData("12", "-", "-", "")]
    public void Log_ins_over_the_network_name_the_address_otherwise_the_computer(
        string type, string address, string workstation, string host)
    {
        var logIn = LogIn(SecurityEvents.Failure(type, address: address, workstation: workstation));

        Assert.Equal((DeviceServices.WindowsRemote, host), (logIn.Service, logIn.RemoteHost));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("4")]
    [InlineData("5")]
    [InlineData("9")]
    [InlineData("-")]
    public void Jobs_and_services_are_ignored(string type)
    {
        Assert.Null(SecurityEventXml.Parse(SecurityEvents.Failure(type)));
        Assert.Null(SecurityEventXml.Parse(SecurityEvents.Success(type)));
    }

    [Theory]
    [InlineData("0xc000006d", "0xC000006A", LoginOutcome.WrongPassword)]
    [InlineData("0xc000006a", "0x0", LoginOutcome.WrongPassword)]
    [InlineData("0xc0000234", "0x0", LoginOutcome.LockedOut)]
    [InlineData("0xc000006e", "0xc0000072", LoginOutcome.RefusedByDevice)]
    [InlineData("0xc0000071", "0x0", LoginOutcome.RefusedByDevice)]
    [InlineData("0xc000015b", "0x0", LoginOutcome.RefusedByDevice)]
    public void Codes_of_existing_accounts_keep_the_name(string status, string subStatus, LoginOutcome outcome)
    {
        var logIn = LogIn(SecurityEvents.Failure(status: status, subStatus: subStatus));

        Assert.Equal(("Ann", outcome), (logIn.User, logIn.Outcome));
    }

    [Theory]
    [InlineData("0xc000006d", "0xc0000064")]
    [InlineData("0xc0000064", "0x0")]
    // Windows does not say whether name or password was wrong
    [InlineData("0xc000006d", "0x0")]
    [InlineData("0xc000005e", "0x0")]
    [InlineData("-", "-")]
    public void What_may_be_a_password_in_the_field_of_the_name_is_not_kept(string status, string subStatus)
    {
        var logIn = LogIn(SecurityEvents.Failure(user: "correct horse", status: status, subStatus: subStatus));

        Assert.Equal(("", LoginOutcome.UnknownAccount), (logIn.User, logIn.Outcome));
        Assert.DoesNotContain("correct horse", logIn.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Log_in_that_a_user_started_names_this_user()
    {
        var logIn = LogIn(SecurityEvents.Failure(
            user: "Ben", subjectSid: "S-1-5-21-1377283216-344919071-3415362939-1001", subject: "Ann"));

        Assert.Equal(("Ben", "Ann"), (logIn.User, logIn.Caller));
        Assert.Equal("", LogIn(SecurityEvents.Failure()).Caller);
    }

    [Fact]
    public void Accounts_of_computers_are_ignored()
    {
        Assert.Null(SecurityEventXml.Parse(SecurityEvents.Failure("3", "FRONT-DESK$")));
        Assert.Null(SecurityEventXml.Parse(SecurityEvents.Success("3", "FRONT-DESK$")));
    }

    [Fact]
    public void Success_is_accepted()
    {
        var logIn = LogIn(SecurityEvents.Success("7"));

        Assert.Equal((true, DeviceServices.WindowsUnlock, "Ann"), (logIn.IsAccepted, logIn.Service, logIn.User));
    }

    [Theory]
    [InlineData("DWM-1", "S-1-5-90-0-1")]
    [InlineData("UMFD-0", "S-1-5-96-0-0")]
    [InlineData("SYSTEM", "S-1-5-18")]
    [InlineData("ANONYMOUS LOGON", "S-1-5-7")]
    public void Success_of_an_account_of_Windows_is_ignored(string user, string sid) =>
        Assert.Null(SecurityEventXml.Parse(SecurityEvents.Success(user: user, sid: sid)));

    [Fact]
    public void Administrator_who_is_logged_in_twice_counts_once()
    {
        Assert.NotNull(SecurityEventXml.Parse(SecurityEvents.Success(linkedLogonId: "0x8dcf1", elevated: "%%1842")));
        Assert.Null(SecurityEventXml.Parse(SecurityEvents.Success(linkedLogonId: "0x8dcdc", elevated: "%%1843")));
    }

    [Fact]
    public void Locked_and_unlocked_screens_name_their_session()
    {
        Assert.Equal(new SecurityScreenLock("3", IsLocked: true), SecurityEventXml.Parse(SecurityEvents.Screen(4800, "3")));
        Assert.Equal(new SecurityScreenLock("3", IsLocked: false), SecurityEventXml.Parse(SecurityEvents.Screen(4801, "3")));
    }

    [Fact]
    public void Other_events_and_other_providers_are_ignored()
    {
        Assert.Null(SecurityEventXml.Parse(SecurityEvents.Screen(4634)));
        Assert.Null(SecurityEventXml.Parse(
            SecurityEvents.Failure().Replace("Microsoft-Windows-Security-Auditing", "Somebody-Else", StringComparison.Ordinal)));
    }

    [Fact]
    public void Names_with_markup_stay_text()
    {
        var logIn = LogIn(SecurityEvents.Failure(
            "3", "&lt;b&gt;Ann&lt;/b&gt;", workstation: "&quot;&gt;&lt;i&gt;", address: "-"));

        Assert.Equal(("<b>Ann</b>", "\"><i>"), (logIn.User, logIn.RemoteHost));
    }

    [Fact]
    public void Field_that_appears_twice_counts_as_absent()
    {
        const string Added = "<Data Name='TargetUserName'>root</Data><Data Name='IpPort'>";

        var logIn = LogIn(SecurityEvents.Failure().Replace("<Data Name='IpPort'>", Added, StringComparison.Ordinal));

        Assert.Equal("", logIn.User);
    }

    public static TheoryData<string> Hostile =>
    [
        "",
        "<",
        "null",
        "<Event/>",
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'/>",
        SecurityEvents.Failure()[..600],
        SecurityEvents.Failure() + SecurityEvents.Failure(),
        SecurityEvents.Failure().Replace("48211", "-1", StringComparison.Ordinal),
        SecurityEvents.Failure().Replace("2026-11-26T", "2026-13-26T", StringComparison.Ordinal),
        SecurityEvents.Failure(user: "\u0001"),
        SecurityEvents.Failure(user: "&unknown;"),
        SecurityEvents.Failure(user: new string('x', SecurityEventXml.MaxLength)),
        "<!DOCTYPE Event [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;\">]>" + SecurityEvents.Failure(user: "&b;"),
        "<!DOCTYPE Event [<!ENTITY file SYSTEM \"file:///etc/passwd\">]>" + SecurityEvents.Failure(user: "&file;"),
        string.Concat(Enumerable.Repeat("<Event>", 9_000)),
    ];

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Damaged_and_hostile_text_is_refused(string xml) =>
        Assert.Throws<FormatException>(() => SecurityEventXml.Parse(xml));

    private static DeviceEvent LogIn(string xml) => Assert.IsType<SecurityLogIn>(SecurityEventXml.Parse(xml)).Event;
}

using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using SentinelCam.Data;

namespace SentinelCam.Device;

/// <summary>
/// Reads events 4624, 4625, 4800 and 4801 of Windows' security log, as Microsoft's documentation describes them.
/// </summary>
internal static class SecurityEventXml
{
    /// <summary>The maximum length of an event in characters. Windows' own have about 3,000.</summary>
    public const int MaxLength = 65_536;

    private const string Auditing = "Microsoft-Windows-Security-Auditing";

    private static readonly XNamespace Events = "http://schemas.microsoft.com/win/2004/08/events/event";

    /// <summary>
    /// Codes that Windows gives only for an account that exists. With any other one, what was typed as the name may be a
    /// password, and is not kept.
    /// </summary>
    private static readonly Dictionary<uint, LoginOutcome> OfExistingAccounts = new()
    {
        [0xC000006A] = LoginOutcome.WrongPassword,
        [0xC0000234] = LoginOutcome.LockedOut,
        // A restriction of hours, of computers, or of another kind
        [0xC000006E] = LoginOutcome.RefusedByDevice,
        [0xC000006F] = LoginOutcome.RefusedByDevice,
        [0xC0000070] = LoginOutcome.RefusedByDevice,
        // The password has expired, or must be changed
        [0xC0000071] = LoginOutcome.RefusedByDevice,
        [0xC0000224] = LoginOutcome.RefusedByDevice,
        // The account is disabled, or has expired
        [0xC0000072] = LoginOutcome.RefusedByDevice,
        [0xC0000193] = LoginOutcome.RefusedByDevice,
        // The kind of log-in is not granted
        [0xC000015B] = LoginOutcome.RefusedByDevice,
    };

    /// <summary>Reads an event.</summary>
    /// <param name="xml">The event, which may hold anything.</param>
    /// <returns>Null for an event that is nobody's log-in or screen lock, such as a service's log-in.</returns>
    /// <exception cref="FormatException">It is no event of Windows, or a damaged one.</exception>
    public static SecurityEvent? Parse(string xml)
    {
        if (Read(xml) is not { } root || root.Name != Events + "Event")
            throw new FormatException("not an event");
        var system = root.Element(Events + "System") ?? throw new FormatException("no system data");
        if ((string?)system.Element(Events + "Provider")?.Attribute("Name") != Auditing)
            return null;
        var data = root.Elements(Events + "EventData").Elements(Events + "Data")
            .ToLookup(field => (string?)field.Attribute("Name") ?? "", field => field.Value, StringComparer.Ordinal);
        return (string?)system.Element(Events + "EventID") switch
        {
            "4625" => LogIn(system, name => Field(data, name), isAccepted: false),
            "4624" => LogIn(system, name => Field(data, name), isAccepted: true),
            "4800" => new SecurityScreenLock(Field(data, "SessionId"), IsLocked: true),
            "4801" => new SecurityScreenLock(Field(data, "SessionId"), IsLocked: false),
            _ => null,
        };
    }

    private static SecurityLogIn? LogIn(XElement system, Func<string, string> field, bool isAccepted)
    {
        var user = field("TargetUserName");
        // The computer's own account
        if (user.EndsWith('$') || ServiceOf(field("LogonType")) is not { } service)
            return null;
        if (isAccepted && !IsPersonsSession(field))
            return null;
        var outcome = LoginOutcome.RefusedByDevice;
        if (!isAccepted && !OfExistingAccounts.TryGetValue(Code(field), out outcome))
            (user, outcome) = ("", LoginOutcome.UnknownAccount);
        var isAtDevice = service is not DeviceServices.WindowsRemote;
        return new(new DeviceEvent
        {
            Key = string.Create(CultureInfo.InvariantCulture, $"eventlog:{Number(system)}:{TimeOf(system):O}"),
            At = TimeOf(system),
            IsAccepted = isAccepted,
            Service = service,
            User = user,
            Caller = IsPerson(field("SubjectUserSid")) && field("SubjectUserName") != user ? field("SubjectUserName") : "",
            RemoteHost = isAtDevice ? "" : RemoteHost(field),
            Outcome = outcome,
        }, isAtDevice);
    }

    private static string? ServiceOf(string logonType) => logonType switch
    {
        // At the keyboard, and the same with a stored copy of a domain's password
        "2" or "11" => DeviceServices.WindowsLogIn,
        "7" or "13" => DeviceServices.WindowsUnlock,
        // A share, a password in plain text, Remote Desktop, and the same with a stored copy
        "3" or "8" or "10" or "12" => DeviceServices.WindowsRemote,
        // Jobs, services, and programs that a user starts under another name
        _ => null,
    };

    /// <summary>
    /// Windows also logs its own accounts in, such as the window manager's, and an administrator twice, with and without the
    /// rights of one.
    /// </summary>
    private static bool IsPersonsSession(Func<string, string> field) =>
        IsPerson(field("TargetUserSid"))
        && !(field("ElevatedToken") == "%%1843" && field("TargetLinkedLogonId") is not ("" or "0x0"));

    /// <summary>Whether it is the number of an account of this computer, a domain or Entra ID.</summary>
    private static bool IsPerson(string sid) =>
        sid.StartsWith("S-1-5-21-", StringComparison.Ordinal) || sid.StartsWith("S-1-12-1-", StringComparison.Ordinal);

    private static string RemoteHost(Func<string, string> field) =>
        field("IpAddress") is { Length: > 0 } address ? address : field("WorkstationName");

    private static uint Code(Func<string, string> field) =>
        Hex(field("SubStatus")) is var detail and not 0 ? detail : Hex(field("Status"));

    private static uint Hex(string text) =>
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        && uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) ? code : 0;

    private static ulong Number(XElement system) =>
        ulong.TryParse(
            (string?)system.Element(Events + "EventRecordID"), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id
            : throw new FormatException("no number");

    private static DateTimeOffset TimeOf(XElement system) =>
        (string?)system.Element(Events + "TimeCreated")?.Attribute("SystemTime") is { } text
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time.ToUniversalTime()
            : throw new FormatException("no time");

    /// <summary>A value; empty if it is absent or <c>-</c>, or if there are several.</summary>
    private static string Field(ILookup<string, string> data, string name) =>
        data[name].ToList() is [var value] && value.Trim() is var text and not "-" ? text : "";

    private static XElement? Read(string xml)
    {
        if (xml.Length > MaxLength)
            throw new FormatException("too large");
        try
        {
            using var reader = XmlReader.Create(
                new StringReader(xml), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            return XDocument.Load(reader).Root;
        }
        catch (XmlException error)
        {
            throw new FormatException("not XML", error);
        }
    }
}

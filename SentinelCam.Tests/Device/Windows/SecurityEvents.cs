namespace SentinelCam.Tests.Device;

/// <summary>Events as Windows' security log has them.</summary>
internal static class SecurityEvents
{
    /// <summary>The sample of Microsoft's documentation of event 4625.</summary>
    public const string DocumentedFailure = """
        <Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event">
          <System>
            <Provider Name="Microsoft-Windows-Security-Auditing" Guid="{54849625-5478-4994-A5BA-3E3B0328C30D}" />
            <EventID>4625</EventID>
            <Version>0</Version>
            <Level>0</Level>
            <Task>12546</Task>
            <Opcode>0</Opcode>
            <Keywords>0x8010000000000000</Keywords>
            <TimeCreated SystemTime="2015-09-08T22:54:54.962511700Z" />
            <EventRecordID>229977</EventRecordID>
            <Correlation />
            <Execution ProcessID="516" ThreadID="3240" />
            <Channel>Security</Channel>
            <Computer>DC01.contoso.local</Computer>
            <Security />
          </System>
          <EventData>
            <Data Name="SubjectUserSid">S-1-5-18</Data>
            <Data Name="SubjectUserName">DC01$</Data>
            <Data Name="SubjectDomainName">CONTOSO</Data>
            <Data Name="SubjectLogonId">0x3e7</Data>
            <Data Name="TargetUserSid">S-1-0-0</Data>
            <Data Name="TargetUserName">Auditor</Data>
            <Data Name="TargetDomainName">CONTOSO</Data>
            <Data Name="Status">0xc0000234</Data>
            <Data Name="FailureReason">%%2307</Data>
            <Data Name="SubStatus">0x0</Data>
            <Data Name="LogonType">2</Data>
            <Data Name="LogonProcessName">User32</Data>
            <Data Name="AuthenticationPackageName">Negotiate</Data>
            <Data Name="WorkstationName">DC01</Data>
            <Data Name="TransmittedServices">-</Data>
            <Data Name="LmPackageName">-</Data>
            <Data Name="KeyLength">0</Data>
            <Data Name="ProcessId">0x1bc</Data>
            <Data Name="ProcessName">C:\Windows\System32\winlogon.exe</Data>
            <Data Name="IpAddress">127.0.0.1</Data>
            <Data Name="IpPort">0</Data>
          </EventData>
        </Event>
        """;

    /// <summary>A failed log-in to a computer without a domain.</summary>
    public static string Failure(
        string logonType = "2", string user = "Ann", string status = "0xc000006d", string subStatus = "0xc000006a",
        string address = "127.0.0.1", string workstation = "FRONT-DESK", string subjectSid = "S-1-5-18",
        string subject = "FRONT-DESK$", int id = 48211) =>
        Event(4625, 12546, "0x8010000000000000", id, $"""
            <Data Name='SubjectUserSid'>{subjectSid}</Data>
            <Data Name='SubjectUserName'>{subject}</Data>
            <Data Name='SubjectDomainName'>WORKGROUP</Data>
            <Data Name='SubjectLogonId'>0x3e7</Data>
            <Data Name='TargetUserSid'>S-1-0-0</Data>
            <Data Name='TargetUserName'>{user}</Data>
            <Data Name='TargetDomainName'>FRONT-DESK</Data>
            <Data Name='Status'>{status}</Data>
            <Data Name='FailureReason'>%%2313</Data>
            <Data Name='SubStatus'>{subStatus}</Data>
            <Data Name='LogonType'>{logonType}</Data>
            <Data Name='LogonProcessName'>User32 </Data>
            <Data Name='AuthenticationPackageName'>Negotiate</Data>
            <Data Name='WorkstationName'>{workstation}</Data>
            <Data Name='TransmittedServices'>-</Data>
            <Data Name='LmPackageName'>-</Data>
            <Data Name='KeyLength'>0</Data>
            <Data Name='ProcessId'>0x6d4</Data>
            <Data Name='ProcessName'>C:\Windows\System32\svchost.exe</Data>
            <Data Name='IpAddress'>{address}</Data>
            <Data Name='IpPort'>0</Data>
            """);

    /// <summary>A log-in of Windows 11.</summary>
    public static string Success(
        string logonType = "2", string user = "Ann", string sid = "S-1-5-21-1377283216-344919071-3415362939-1001",
        string linkedLogonId = "0x0", string elevated = "%%1843", string address = "127.0.0.1", int id = 48230) =>
        Event(4624, 12544, "0x8020000000000000", id, $"""
            <Data Name='SubjectUserSid'>S-1-5-18</Data>
            <Data Name='SubjectUserName'>FRONT-DESK$</Data>
            <Data Name='SubjectDomainName'>WORKGROUP</Data>
            <Data Name='SubjectLogonId'>0x3e7</Data>
            <Data Name='TargetUserSid'>{sid}</Data>
            <Data Name='TargetUserName'>{user}</Data>
            <Data Name='TargetDomainName'>FRONT-DESK</Data>
            <Data Name='TargetLogonId'>0x8dcdc</Data>
            <Data Name='LogonType'>{logonType}</Data>
            <Data Name='LogonProcessName'>User32 </Data>
            <Data Name='AuthenticationPackageName'>Negotiate</Data>
            <Data Name='WorkstationName'>FRONT-DESK</Data>
            <Data Name='LogonGuid'>{Guid.Empty:B}</Data>
            <Data Name='TransmittedServices'>-</Data>
            <Data Name='LmPackageName'>-</Data>
            <Data Name='KeyLength'>0</Data>
            <Data Name='ProcessId'>0x6d4</Data>
            <Data Name='ProcessName'>C:\Windows\System32\svchost.exe</Data>
            <Data Name='IpAddress'>{address}</Data>
            <Data Name='IpPort'>0</Data>
            <Data Name='ImpersonationLevel'>%%1833</Data>
            <Data Name='RestrictedAdminMode'>-</Data>
            <Data Name='RemoteCredentialGuard'>-</Data>
            <Data Name='TargetOutboundUserName'>-</Data>
            <Data Name='TargetOutboundDomainName'>-</Data>
            <Data Name='VirtualAccount'>%%1843</Data>
            <Data Name='TargetLinkedLogonId'>{linkedLogonId}</Data>
            <Data Name='ElevatedToken'>{elevated}</Data>
            """);

    /// <summary>A screen that was locked (4800) or unlocked (4801).</summary>
    public static string Screen(int eventId, string session = "1", int id = 48240) =>
        Event(eventId, 12551, "0x8020000000000000", id, $"""
            <Data Name='TargetUserSid'>S-1-5-21-1377283216-344919071-3415362939-1001</Data>
            <Data Name='TargetUserName'>Ann</Data>
            <Data Name='TargetDomainName'>FRONT-DESK</Data>
            <Data Name='TargetLogonId'>0x759a9</Data>
            <Data Name='SessionId'>{session}</Data>
            """);

    /// <summary>On one line and with single quotes, as Windows hands it over.</summary>
    private static string Event(int eventId, int task, string keywords, int id, string data) => $"""
        <Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>
        <Provider Name='Microsoft-Windows-Security-Auditing' Guid='{Guid.Parse("54849625-5478-4994-a5ba-3e3b0328c30d"):B}'/>
        <EventID>{eventId}</EventID><Version>0</Version><Level>0</Level><Task>{task}</Task><Opcode>0</Opcode>
        <Keywords>{keywords}</Keywords><TimeCreated SystemTime='2026-11-26T09:12:44.1938274Z'/><EventRecordID>{id}</EventRecordID>
        <Correlation ActivityID='{Guid.Parse("d2a4c7c1-5e12-0001-7bc8-a4d2125edb01"):B}'/>
        <Execution ProcessID='996' ThreadID='1044'/><Channel>Security</Channel><Computer>FRONT-DESK</Computer><Security/></System>
        <EventData>{data}</EventData></Event>
        """.ReplaceLineEndings("");
}

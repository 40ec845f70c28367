using System.Diagnostics;

namespace SentinelCam.Service;

/// <summary>The commands that make a published folder a Windows service. Not tried on Windows yet.</summary>
internal static class WindowsService
{
    private const string Account = @"NT AUTHORITY\LocalService";

    /// <summary>The data directory of the service.</summary>
    public static string Data { get; } =
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "SentinelCam");

    /// <summary>Makes the service, lets it write its data, has it started again after a crash, and starts it.</summary>
    /// <param name="program">The path of <c>SentinelCam.exe</c>.</param>
    /// <param name="data">The data directory.</param>
    public static IReadOnlyList<ProcessStartInfo> Install(string program, string data) =>
    [
        Of("sc.exe", "create", ServiceManager.Name, "binPath=", $"\"{program}\" \"--DataDirectory={data}\"", "start=", "auto",
            "obj=", Account, "DisplayName=", "SentinelCam"),
        Of("sc.exe", "failure", ServiceManager.Name, "reset=", "86400", "actions=", "restart/10000"),
        // *S-1-5-19 is LocalService in every language
        Of("icacls.exe", data, "/inheritance:r", "/grant", "*S-1-5-19:(OI)(CI)F", "*S-1-5-18:(OI)(CI)F",
            "*S-1-5-32-544:(OI)(CI)F"),
        Of("sc.exe", "start", ServiceManager.Name),
    ];

    /// <summary>Stops and deletes the service. The data stay.</summary>
    public static IReadOnlyList<ProcessStartInfo> Remove() =>
        [Of("sc.exe", "stop", ServiceManager.Name), Of("sc.exe", "delete", ServiceManager.Name)];

    /// <summary>Asks whether the service is there and runs.</summary>
    public static ProcessStartInfo Query() => Of("sc.exe", "query", ServiceManager.Name);

    private static ProcessStartInfo Of(string program, params string[] arguments) => new(program, arguments);
}

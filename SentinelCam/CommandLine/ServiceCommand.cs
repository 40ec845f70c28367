using System.CommandLine;
using System.ComponentModel;
using System.Data.Common;
using System.Diagnostics;
using System.Runtime.Versioning;
using SentinelCam.Configuration;
using SentinelCam.Service;

namespace SentinelCam.CommandLine;

/// <summary><c>SentinelCam service install|status|remove</c>: whether the site starts with the machine.</summary>
internal static class ServiceCommand
{
    private static readonly Option<string?> Data = Commands.Data();

    private static string Folder => AppContext.BaseDirectory;

    /// <summary>The command with its subcommands.</summary>
    public static Command Create()
    {
        var install = new Command("install",
            "Start the site with the machine, as its own user: systemd's service, or Windows'. Needs root.");
        install.SetAction(_ => Try("install", Install));
        var status = new Command("status", "Show whether the service runs, its address, and the set-up code if one is needed.")
        {
            Data,
        };
        status.SetAction(parsed => Try("status", () => Status(parsed.GetValue(Data))));
        var remove = new Command("remove", "Undo install. Data, configuration and user stay. Needs root.");
        remove.SetAction(_ => Try("remove", Remove));
        return new("service", "The site as a service of the operating system.") { install, status, remove };
    }

    private static int Install()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(WindowsService.Data);
            return RunAll(WindowsService.Install(Environment.ProcessPath!, WindowsService.Data));
        }

        if (!OperatingSystem.IsLinux())
            return Fail("Services can be installed on Linux with systemd, and on Windows.");
        switch (ServiceInstallation.Install(Folder))
        {
            case ServiceChange.Packaged:
                return Fail("Debian's package sentinelcam has installed the service already. Nothing was changed.");
            case ServiceChange.NoSystemd:
                return Fail("This system does not use systemd. Nothing was changed.");
            case ServiceChange.WrongFolder:
                return Fail($"The service could not use {Folder}. Move it to a folder without blanks in its name, such as "
                    + "/opt/sentinelcam, and install again there.");
            default:
                var status = Status(null);
                Print("Settings", ServiceInstallation.Configuration);
                if (ServiceInstallation.IsSystemdRunning)
                    return status;
                Console.WriteLine("The service is installed, and will start with systemd.");
                return 0;
        }
    }

    private static int Remove()
    {
        if (OperatingSystem.IsWindows())
            return RunAll(WindowsService.Remove());
        if (!OperatingSystem.IsLinux())
            return Fail("There is no service on this system.");
        if (ServiceInstallation.Remove() == ServiceChange.Packaged)
            return Fail("Debian's package has installed the service: apt remove sentinelcam");
        Console.WriteLine("The service is gone. Its data, its configuration and the user sentinelcam stay.");
        return 0;
    }

    /// <summary>Prints what is there; 0 if the service runs.</summary>
    private static int Status(string? dataDirectory)
    {
        if (OperatingSystem.IsWindows())
            return RunAll([WindowsService.Query()]);
        if (OperatingSystem.IsLinux())
            return StatusOfUnit(dataDirectory ?? DataOfService());
        return Fail("There is no service on this system.");
    }

    [SupportedOSPlatform("linux")]
    private static int StatusOfUnit(string data)
    {
        var state = ServiceInstallation.Inspect(Folder);
        if (state.Unit is null)
            return Fail("The service is not installed. Run: sudo SentinelCam service install");
        Print("Unit", state.IsCurrent ? state.Unit : $"{state.Unit}, which is not this version's or was edited");
        Print("Starts", state.Enabled == "enabled" ? "with the machine" : $"not with the machine ({state.Enabled})");
        Print("Runs", state.IsRunning ? "yes" : $"no ({state.Active}). See: journalctl -u sentinelcam");
        if (!state.HasUser)
            Print("User", "the user sentinelcam is missing");
        Print("Data", data);
        if (!state.IsRunning || LastStart.Read(data) is not { } start)
            return state.IsRunning ? 0 : 1;

        foreach (var address in start.Addresses)
            Print("Address", address);
        if (start.SetupCode is { } code && !HasAccounts(data))
        {
            Print("Set-up", $"{code} is the set-up code. The first account, the administrator's, needs it from another machine.");
        }

        return 0;
    }

    /// <summary>The data directory that the environment or the configuration names, otherwise the usual one.</summary>
    [SupportedOSPlatform("linux")]
    private static string DataOfService() =>
        BesideSite.ReadSettings([]).Configuration["DataDirectory"] is { Length: > 0 } configured
            ? configured
            : ServiceInstallation.Data;

    private static bool HasAccounts(string data)
    {
        try
        {
            using var db = BesideSite.OpenDatabase(BesideSite.SettingsOf(data)).Db;
            return db.Users.Any();
        }
        catch (Exception error) when (error is DbException or ConfigurationException)
        {
            return false;
        }
    }

    private static int RunAll(IReadOnlyList<ProcessStartInfo> programs)
    {
        foreach (var program in programs)
        {
            using var process = Process.Start(program)!;
            process.WaitForExit();
            if (process.ExitCode != 0)
                return Fail($"{program.FileName} {string.Join(' ', program.ArgumentList)} failed.");
        }

        return 0;
    }

    private static void Print(string what, string text) => Console.WriteLine($"{what + ":",-10}{text}");

    private static int Fail(string text) => BesideSite.Fail(text);

    private static int Try(string what, Func<int> action)
    {
        if (what != "status" && !Environment.IsPrivilegedProcess)
            return Fail($"Only root can {what}: sudo SentinelCam service {what}");
        try
        {
            return action();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or Win32Exception)
        {
            return Fail(error.Message);
        }
    }
}

using System.CommandLine;

namespace SentinelCam.CommandLine;

/// <summary>What SentinelCam does instead of running the site: <c>SentinelCam device install</c> and the like.</summary>
public static class Commands
{
    /// <summary>The exit code for a wrong use of the command line.</summary>
    private const int WrongUse = 2;

    /// <summary>
    /// Whether the arguments name a command or ask for help. Otherwise they are the site's settings, such as <c>--Key=value</c>.
    /// </summary>
    public static bool AreIn(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        return args is [var first, ..]
            && (first is "--help" or "-h" or "-?" or "--version" || (first is [not ('-' or '/'), ..] && !first.Contains('=')));
    }

    /// <summary>Runs the command.</summary>
    /// <returns>The exit code: 0 done, 1 failed, 2 wrong use.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand(
            "Photographs failed sign-ins and mails the pictures. Without a command, SentinelCam runs its site; settings such as "
            + "--Urls=http://localhost:5000 can follow.");
        if (OperatingSystem.IsLinux())
            root.Add(DeviceCommand.Create());
        var command = root.Parse(args);
        if (command.Errors is [var error, ..])
        {
            var problem = command.UnmatchedTokens is [var token, ..] ? $"\"{token}\" is not a command or option." : error.Message;
            await Console.Error.WriteLineAsync($"{problem} See SentinelCam --help.");
            return WrongUse;
        }

        return await command.InvokeAsync();
    }
}

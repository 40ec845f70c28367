using System.CommandLine;
using System.CommandLine.Invocation;
using SentinelCam.Configuration;

namespace SentinelCam.CommandLine;

/// <summary>What SentinelCam does instead of running the site: <c>SentinelCam check</c> and the like.</summary>
public static class Commands
{
    /// <summary>The exit code for a wrong use of the command line.</summary>
    internal const int WrongUse = 2;

    /// <summary>
    /// The settings such as <c>--Key=value</c> with which to run the site. Null if the arguments are another command than
    /// <c>run</c>, ask for help, or are wrong.
    /// </summary>
    public static string[]? SettingsOfSite(string[] args)
    {
        var settings = args is ["run", .. var rest] ? rest : args;
        return FirstWrong(settings) is null ? settings : null;
    }

    /// <summary>Runs the command.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="addLayers">Adds the site's services.</param>
    /// <returns>The exit code: 0 done, 1 failed, 2 wrong use.</returns>
    public static async Task<int> RunAsync(string[] args, Action<WebApplicationBuilder, DataDirectory> addLayers)
    {
        var root = new RootCommand(
            "Photographs failed sign-ins and mails the pictures. Without a command, SentinelCam runs its site; settings such as "
            + "--Urls=http://localhost:5000 can follow.")
        {
            new Command("run", "Run the site, as without a command.") { Settings() },
            CheckCommand.Create(addLayers),
            BackupCommand.CreateBackup(),
            BackupCommand.CreateRestore(),
            ImportCommand.Create(addLayers),
            AccountCommand.Create(addLayers),
            ServiceCommand.Create(),
        };
        if (OperatingSystem.IsLinux())
            root.Add(DeviceCommand.Create());
        foreach (var version in root.Options.OfType<VersionOption>())
            version.Action = new PrintVersion();
        // A mail address can begin with @, which would otherwise name a file with more arguments
        var command = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (command.Errors is [var error, ..])
        {
            var problem = command.UnmatchedTokens is [var token, ..] ? $"\"{token}\" is not a command or option." : error.Message;
            await Console.Error.WriteLineAsync($"{problem} See SentinelCam --help.");
            return WrongUse;
        }

        return await command.InvokeAsync();
    }

    /// <summary>The site's settings as arguments of a command.</summary>
    internal static Argument<string[]> Settings()
    {
        var settings = new Argument<string[]>("--Key=value")
        {
            Arity = ArgumentArity.ZeroOrMore,
            Description = "The site's settings, such as --DataDirectory=/var/lib/sentinelcam",
        };
        settings.Validators.Add(result =>
        {
            if (FirstWrong([.. result.Tokens.Select(token => token.Value)]) is { } wrong)
                result.AddError($"\"{wrong}\" is not a command or option.");
        });
        return settings;
    }

    /// <summary>The data directory as an option of a command that needs no other setting.</summary>
    internal static Option<string?> Data() => new("--DataDirectory")
    {
        Description = "The site's data directory, unless the environment or a settings file names it",
        HelpName = "PATH",
    };

    /// <summary>The first argument that is not a setting in one of the forms that .NET reads; null if all are.</summary>
    private static string? FirstWrong(string[] args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            var isKey = args[i] is ['-', '-', not '=', ..] or ['/', not '=', ..];
            if (args[i].IndexOf('=', StringComparison.Ordinal) > 0 && (isKey || args[i][0] is not ('-' or '/')))
                continue;
            // A key whose value is the next argument
            if (!isKey || i + 1 == args.Length || args[i + 1] is ['-', '-', ..])
                return args[i];
            i++;
        }

        return null;
    }

    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override bool Terminating => true;

        public override int Invoke(ParseResult parseResult)
        {
            Console.WriteLine(ProductVersion.Text);
            return 0;
        }
    }
}

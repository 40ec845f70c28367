using System.CommandLine;
using System.Globalization;
using System.Runtime.Versioning;
using SentinelCam.Configuration;
using SentinelCam.Device;

namespace SentinelCam.CommandLine;

/// <summary><c>SentinelCam device install|status|remove</c>: whether this device reports its own log-ins.</summary>
[SupportedOSPlatform("linux")]
internal static class DeviceCommand
{
    private const string Repair = "Run: sudo SentinelCam device install";

    private static readonly Option<string?> Data = Commands.Data();

    private static readonly Option<string?> User = new("--user")
    {
        Description = "The user that the site runs as; by default the owner of its data directory, otherwise sentinelcam",
        HelpName = "NAME",
    };

    /// <summary>The command with its subcommands.</summary>
    public static Command Create()
    {
        var install = new Command("install", "Report log-ins to SentinelCam. Changes PAM. Needs root.") { User, Data };
        install.SetAction(parsed => Try(() => Install(Owner(parsed))));
        var status = new Command("status", "Show whether log-ins are reported.") { User, Data };
        status.SetAction(parsed => Try(() => Status(Owner(parsed), RecordedLogIns.Read(Settings(parsed)))));
        var remove = new Command("remove", "Undo install. Needs root.");
        remove.SetAction(_ => Try(Remove));
        return new("device", "Failed log-ins on this device: log-in screen, screen lock, console, sudo, su, ssh.")
        {
            install, status, remove,
        };
    }

    private static AppUser? Owner(ParseResult parsed) => AppUser.Find(parsed.GetValue(User), Settings(parsed));

    private static string[] Settings(ParseResult parsed) => BesideSite.SettingsOf(parsed.GetValue(Data));

    private static int Install(AppUser? owner)
    {
        if (!Environment.IsPrivilegedProcess)
            return Fail("Only root can install: sudo SentinelCam device install");
        if (owner is null)
            return Fail("The user that the site runs as was not found. Name one that exists: --user NAME");

        var change = PamInstallation.Install(owner.User);
        Print("Helper", PamInstallation.Helper);
        Print("Spool", $"{PamInstallation.Spool}, read by {owner.User.Name} ({owner.Reason})");
        if (change == PamChange.Done)
        {
            PrintLines(PamInstallation.Inspect());
            Console.WriteLine("Log-ins on this device are reported from now on.");
            return 0;
        }

        return Fail(change == PamChange.Refused
            ? """
              pam-auth-update changed nothing, because its part of a file /etc/pam.d/common-* was edited by hand.
              Either let it discard the edits, then install again (the old files stay as *.pam-old):
                  pam-auth-update --force
              or add the lines by hand, as the operator's guide says:
              """
            : """
              This system has no pam-auth-update. Add the lines by hand, as the operator's guide says:
              """, PamInstallation.Lines);
    }

    private static int Remove()
    {
        if (!Environment.IsPrivilegedProcess)
            return Fail("Only root can remove: sudo SentinelCam device remove");

        var change = PamInstallation.Remove();
        if (change == PamChange.Done)
        {
            Console.WriteLine("Log-ins on this device are no longer reported. Helper, spool and PAM lines are gone.");
            return 0;
        }

        return Fail(change == PamChange.Refused
            ? """
              pam-auth-update changed nothing, because its part of a file /etc/pam.d/common-* was edited by hand.
              Take these lines out by hand, lower the number in "success=" above the first one by 1, and remove again:
              """
            : """
              These lines were added by hand. Take them out, lower numbers such as "success=2" that count them, and remove again:
              """, PamInstallation.Inspect().Lines.Select(line => $"{line.File}: {line.Text}"));
    }

    /// <summary>Prints what is there; 0 if log-ins are reported.</summary>
    private static int Status(AppUser? owner, RecordedLogIns recorded)
    {
        var state = PamInstallation.Inspect();
        PrintLines(state);
        Print("Helper", state.Helper switch
        {
            PamHelperState.InPlace => $"{PamInstallation.Helper}, in place",
            PamHelperState.Missing => $"{PamInstallation.Helper} is missing. {Repair}",
            PamHelperState.WrongMode => $"{PamInstallation.Helper} has the wrong owner or mode. {Repair}",
            _ => $"{PamInstallation.Helper} is another version's, or was edited. {Repair}",
        });

        var isRead = state.Spool is { HasRightModes: true } spool && (owner is null || spool.OwnerId == owner.User.Id);
        Print("Spool", state.Spool is null
            ? $"{PamInstallation.Spool} is missing. {Repair}"
            : Describe(state.Spool, owner));
        if (state.Spool is { Events: var (count, newest) })
        {
            Print("Waiting", newest is null
                ? "no event"
                : string.Create(CultureInfo.InvariantCulture, $"{count} events, the newest of {newest:yyyy-MM-dd HH:mm:ss} UTC"));
        }

        Print("Last", recorded.Last);
        foreach (var (user, account) in recorded.Users)
            Print("User", $"{user} is assigned to {account}");
        if (recorded.Users.Count == 0)
            Print("User", "nobody is assigned to an account: alerts go to the administrators");
        var isReported = state is { ReportsFailed: true, Helper: PamHelperState.InPlace } && isRead;
        return isReported && state.Lines.All(line => line.IsHarmless) ? 0 : 1;
    }

    private static string Describe(SpoolState spool, AppUser? owner)
    {
        var name = OsUser.Find(spool.OwnerId)?.Name ?? spool.OwnerId.ToString(CultureInfo.InvariantCulture);
        if (!spool.HasRightModes)
            return $"{PamInstallation.Spool} or {PamInstallation.RootSpool} is missing, or has the wrong owner or mode. {Repair}";
        return owner is null || owner.User.Id == spool.OwnerId
            ? $"{PamInstallation.Spool}, read by {name}"
            : $"{PamInstallation.Spool} is read by {name}, but the site runs as {owner.User.Name} ({owner.Reason}). "
                + Repair;
    }

    private static void PrintLines(PamState state)
    {
        if (state.Lines.Count == 0)
            Print("PAM", $"no line in /etc/pam.d. {Repair}");
        foreach (var line in state.Lines)
        {
            Print("PAM", line.IsHarmless
                ? $"{line.File} reports {line.Kind} log-ins"
                : $"{line.File} has a line that can let anybody in. It must begin with \"auth [default=ignore]\": {line.Text}");
        }
    }

    private static void Print(string what, string text) => Console.WriteLine($"{what + ":",-9}{text}");

    private static int Fail(string text, IEnumerable<string>? lines = null)
    {
        Console.Error.WriteLine(text);
        foreach (var line in lines ?? [])
            Console.Error.WriteLine("    " + line);
        return 1;
    }

    private static int Try(Func<int> action)
    {
        try
        {
            return action();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ConfigurationException)
        {
            return Fail(error.Message);
        }
    }
}

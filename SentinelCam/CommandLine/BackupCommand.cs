using System.CommandLine;
using System.Globalization;
using SentinelCam.Backups;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Device;

namespace SentinelCam.CommandLine;

/// <summary><c>SentinelCam backup FILE</c> and <c>SentinelCam restore FILE</c>.</summary>
internal static class BackupCommand
{
    private static readonly Argument<string> File = new("FILE") { Description = "The backup, such as sentinelcam.zip" };

    private static readonly Option<string?> Data = Commands.Data();

    /// <summary>Writes a backup.</summary>
    public static Command CreateBackup()
    {
        var backup = new Command("backup",
            "Write database, pictures, keys and settings without secrets to a new file, while the site runs or not.")
        {
            File, Data,
        };
        backup.SetAction((parsed, cancellationToken) =>
            BesideSite.TryAsync(() => Task.Run(() => Backup(parsed, cancellationToken), CancellationToken.None)));
        return backup;
    }

    /// <summary>Puts a backup into an empty data directory.</summary>
    public static Command CreateRestore()
    {
        var restore = new Command("restore", "Put a backup into an empty data directory, after checking it. Overwrites nothing.")
        {
            File, Data,
        };
        restore.SetAction((parsed, cancellationToken) =>
            BesideSite.TryAsync(() => Task.Run(() => Restore(parsed, cancellationToken), CancellationToken.None)));
        return restore;
    }

    private static int Backup(ParseResult parsed, CancellationToken cancellationToken)
    {
        var builder = BesideSite.ReadSettings(BesideSite.SettingsOf(parsed.GetValue(Data)));
        PostgresOptions.RefuseOwnBackup(builder.Configuration);
        var data = DataDirectory.Beside(builder.Configuration, builder.Environment);
        var path = Path.GetFullPath(parsed.GetRequiredValue(File));
        var written = new BackupWriter(data, builder.Configuration, TimeProvider.System).Write(path, cancellationToken);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{path}: {written.Pictures} pictures, {written.Bytes} bytes. Anyone who can read it can read everything."));
        if (written.Missing > 0)
        {
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{written.Missing} pictures were missing and are not in it. See SentinelCam check."));
        }

        return 0;
    }

    private static int Restore(ParseResult parsed, CancellationToken cancellationToken)
    {
        var path = Path.GetFullPath(parsed.GetRequiredValue(File));
        if (!System.IO.File.Exists(path))
            return BesideSite.Fail($"There is no file {path}.");
        var builder = BesideSite.ReadSettings(BesideSite.SettingsOf(parsed.GetValue(Data)));
        var root = DataDirectory.Find(builder.Configuration, builder.Environment);
        // The site could not read root's files
        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Directory.Exists(root) && FileOwner.Of(root) != 0)
        {
            var owner = OsUser.Find(FileOwner.Of(root))?.Name ?? "its owner";
            return BesideSite.Fail($"{root} belongs to {owner}. Restore as this user: sudo -u {owner} SentinelCam restore ...");
        }

        // Also locks the directory against a site that starts meanwhile
        using var data = DataDirectory.Open(builder.Configuration, builder.Environment);
        (string Version, int Files) restored;
        try
        {
            restored = new BackupRestore(data).Restore(path, cancellationToken);
        }
        catch (BackupException error)
        {
            return BesideSite.Fail($"{path} was not restored. {error.Message}");
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{restored.Files} files of SentinelCam {restored.Version} are in {root}. The settings, without secrets, are in "
            + $"{Path.Combine(root, BackupRestore.SettingsFile)}; they are not in force."));
        return 0;
    }
}

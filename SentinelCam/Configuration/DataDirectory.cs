namespace SentinelCam.Configuration;

/// <summary>
/// The one directory in which everything is kept, readable by its owner only and held by one process at a time.
/// </summary>
public sealed class DataDirectory : IDisposable
{
    private readonly FileStream _lock;

    private DataDirectory(string root, FileStream @lock)
    {
        Root = root;
        _lock = @lock;
    }

    /// <summary>The absolute path.</summary>
    public string Root { get; }

    /// <summary>Accounts, attempts, snapshots and deliveries: the truth.</summary>
    public string Database => Path.Combine(Root, "sentinelcam.db");

    /// <summary>Hangfire's jobs, which can be made again from <see cref="Database"/>.</summary>
    public string Jobs => Path.Combine(Root, "jobs.db");

    /// <summary>The pictures.</summary>
    public string Snapshots => Path.Combine(Root, "snapshots");

    /// <summary>Mails, where there is no mail server.</summary>
    public string Outbox => Path.Combine(Root, "outbox");

    /// <summary>The keys that protect cookies and forms.</summary>
    public string Keys => Path.Combine(Root, "keys");

    /// <summary>The log files.</summary>
    public string Logs => Path.Combine(Root, "logs");

    /// <summary>Creates what is missing with mode 0700 and takes the lock, which dies with the process.</summary>
    /// <exception cref="ConfigurationException">The directory or one of its folders cannot be written, or another SentinelCam uses it.</exception>
    public static DataDirectory Open(IConfiguration configuration, IHostEnvironment environment)
    {
        var configured = configuration["DataDirectory"];
        var root = Path.GetFullPath(string.IsNullOrWhiteSpace(configured) ? "data" : configured, environment.ContentRootPath);
        try
        {
            foreach (var path in new[] { root, Path.Combine(root, "snapshots"), Path.Combine(root, "outbox"), Path.Combine(root, "keys"), Path.Combine(root, "logs") })
            {
                CreatePrivate(path);
                Probe(path);
            }

            foreach (var file in new[] { "sentinelcam.db", "jobs.db", ".lock" })
                CreatePrivateFile(Path.Combine(root, file));
            return new DataDirectory(root, TakeLock(root));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new ConfigurationException("DataDirectory", root,
                $"a directory that this user can create and write ({error.Message.ReplaceLineEndings(" ")}).");
        }
    }

    /// <summary>Makes an empty <see cref="Jobs"/> that is private, where there is none.</summary>
    public void CreateJobs() => CreatePrivateFile(Jobs);

    /// <inheritdoc />
    public void Dispose() => _lock.Dispose();

    internal static void CreatePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else if (!Directory.Exists(path))
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Makes a file that is gone at once: a folder that cannot be written would else be noticed by nobody until it is needed.</summary>
    private static void Probe(string folder) =>
        new FileStream(Path.Combine(folder, "." + Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose).Dispose();

    /// <summary>SQLite takes an empty file for a new database, and gives its companions the same mode.</summary>
    private static void CreatePrivateFile(string path)
    {
        if (OperatingSystem.IsWindows() || File.Exists(path))
            return;
        var settings = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        new FileStream(path, settings).Dispose();
    }

    private static FileStream TakeLock(string root)
    {
        var path = Path.Combine(root, ".lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path) && !Directory.Exists(path))
        {
            throw new ConfigurationException("DataDirectory", root,
                "a directory that no other SentinelCam is using; stop the other one or choose another directory.");
        }
    }
}

using System.Security.Cryptography;
using System.Text;

namespace SentinelCam.Configuration;

/// <summary>
/// The directory that holds all data. Only its owner can read it, and only one process at a time can use it.
/// </summary>
public sealed class DataDirectory : IDisposable
{
    /// <summary>
    /// Free space in bytes reserved for the databases, so that attempts can be recorded when no space is left for pictures.
    /// </summary>
    public const long Reserve = 64L << 20;

    private const int SaltBytes = 16;

    private static readonly string[] Folders = ["", "snapshots", "outbox", "keys", "logs"];

    private readonly FileStream? _lock;

    private DataDirectory(string root, FileStream? @lock)
    {
        Root = root;
        _lock = @lock;
        var salt = @lock is null ? [] : ReadSalt(@lock, mayWrite: @lock.CanWrite);
        InstanceName = Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes(root), .. salt]))[..8];
    }

    /// <summary>The absolute path.</summary>
    public string Root { get; }

    /// <summary>
    /// Eight letters and digits that differ between data directories, and stay the same from start to start. Browsers send
    /// cookies to every port of a host, so the names of cookies contain it. Processes on one database share the first one's.
    /// </summary>
    public string InstanceName { get; set; }

    /// <summary>The source of truth: accounts, attempts, snapshots and deliveries.</summary>
    public string Database => Path.Combine(Root, "sentinelcam.db");

    /// <summary>Hangfire's jobs, which can be rebuilt from <see cref="Database"/>.</summary>
    public string Jobs => Path.Combine(Root, "jobs.db");

    /// <summary>The pictures.</summary>
    public string Snapshots => Path.Combine(Root, "snapshots");

    /// <summary>Mails, if no mail server is configured.</summary>
    public string Outbox => Path.Combine(Root, "outbox");

    /// <summary>The keys that protect cookies and forms.</summary>
    public string Keys => Path.Combine(Root, "keys");

    /// <summary>The log files.</summary>
    public string Logs => Path.Combine(Root, "logs");

    /// <summary>How many bytes this user can still write to the directory's file system.</summary>
    /// <exception cref="IOException">The file system does not say.</exception>
    public long FreeBytes => new DriveInfo(Root).AvailableFreeSpace;

    /// <summary>The absolute path of the configured directory, which need not exist.</summary>
    public static string Find(IConfiguration configuration, IHostEnvironment environment)
    {
        var configured = configuration["DataDirectory"];
        return Path.GetFullPath(string.IsNullOrWhiteSpace(configured) ? "data" : configured, environment.ContentRootPath);
    }

    /// <summary>Creates missing folders with mode 0700 and takes the lock, which ends with the process.</summary>
    /// <exception cref="ConfigurationException">
    /// The directory or one of its folders is not writable, or another SentinelCam uses it.
    /// </exception>
    public static DataDirectory Open(IConfiguration configuration, IHostEnvironment environment)
    {
        var root = Find(configuration, environment);
        try
        {
            foreach (var folder in Folders)
            {
                var path = Path.Combine(root, folder);
                CreatePrivate(path);
                Probe(path);
            }

            foreach (var file in new[] { "sentinelcam.db", "jobs.db", ".lock" })
                CreatePrivateFile(Path.Combine(root, file));
            return new DataDirectory(root, TakeLock(root));
        }
        catch (Exception error)
            when (error is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new ConfigurationException("DataDirectory", root,
                $"a directory that this user can create and write ({error.Message.ReplaceLineEndings(" ")}).");
        }
    }

    /// <summary>
    /// For a command that works beside the running site: takes no lock and creates nothing. The directory need not exist, and
    /// <see cref="InstanceName"/> is not the site's.
    /// </summary>
    public static DataDirectory Beside(IConfiguration configuration, IHostEnvironment environment) =>
        new(Find(configuration, environment), null);

    /// <summary>
    /// For a command that copies the data of a site: takes the lock, if there is one, and creates and changes nothing.
    /// </summary>
    /// <exception cref="ConfigurationException">There is no such directory, or a SentinelCam uses it.</exception>
    public static DataDirectory OpenUnchanged(string path)
    {
        var root = Path.GetFullPath(path);
        var @lock = Path.Combine(root, ".lock");
        if (!File.Exists(Path.Combine(root, "sentinelcam.db")))
            throw new ConfigurationException("DIRECTORY", root, "a data directory, with sentinelcam.db in it.");
        try
        {
            return new DataDirectory(
                root, File.Exists(@lock) ? new FileStream(@lock, FileMode.Open, FileAccess.Read, FileShare.None) : null);
        }
        catch (IOException)
        {
            throw new ConfigurationException("DIRECTORY", root, "a data directory that no SentinelCam is using; stop it first.");
        }
    }

    /// <summary>Creates an empty, private <see cref="Jobs"/> unless there is one.</summary>
    public void CreateJobs() => CreatePrivateFile(Jobs);

    /// <summary>Creates a file in each folder and deletes it at once.</summary>
    /// <exception cref="IOException">A folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder cannot be written.</exception>
    public void CheckWritable()
    {
        foreach (var folder in Folders)
            Probe(Path.Combine(Root, folder));
    }

    /// <inheritdoc />
    public void Dispose() => _lock?.Dispose();

    internal static void CreatePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else if (!Directory.Exists(path))
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Creates a file and deletes it at once, so that an unwritable folder is reported at start.</summary>
    private static void Probe(string folder)
    {
        var path = Path.Combine(folder, "." + Path.GetRandomFileName());
        new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose)
            .Dispose();
    }

    /// <summary>SQLite treats an empty file as a new database, and gives the files beside it the same mode.</summary>
    private static void CreatePrivateFile(string path)
    {
        if (OperatingSystem.IsWindows() || File.Exists(path))
            return;
        var settings = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        new FileStream(path, settings).Dispose();
    }

    /// <summary>
    /// Reads random bytes from the lock file, which receives them at the first start: two containers can each have their data at
    /// the same path.
    /// </summary>
    private static byte[] ReadSalt(FileStream @lock, bool mayWrite)
    {
        var salt = new byte[SaltBytes];
        if (@lock.Length == SaltBytes && @lock.ReadAtLeast(salt, SaltBytes, throwOnEndOfStream: false) == SaltBytes)
            return salt;
        if (!mayWrite)
            return [];
        salt = RandomNumberGenerator.GetBytes(SaltBytes);
        @lock.SetLength(0);
        @lock.Position = 0;
        @lock.Write(salt);
        @lock.Flush();
        return salt;
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

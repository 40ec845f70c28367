using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using SentinelCam.Data;

[assembly: AssemblyFixture(typeof(SentinelCam.Tests.Support.PostgresServer.EndOfRun))]

namespace SentinelCam.Tests.Support;

/// <summary>
/// A real PostgreSQL on loopback, with its data in a temporary directory. One serves all tests of a process, each with a database
/// of its own, except those that stop it.
/// </summary>
/// <remarks>
/// It refuses to run as root, so then it runs as the user <c>postgres</c>. A pipe ties it to this process: when the process ends
/// for any reason, the pipe closes and the server stops.
/// </remarks>
public sealed partial class PostgresServer : IAsyncDisposable
{
    public const string Key = "ConnectionStrings:SentinelCam";

    /// <summary>Many apps share the server.</summary>
    private const string FewConnections = "Connection Idle Lifetime=5;Connection Pruning Interval=1";

    private const string Launcher = """
        "$1/postgres" -D "$2/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
            -c shared_buffers=128MB -c max_connections=500 -c fsync="$4" &
        trap 'kill -QUIT $! 2>/dev/null; wait' EXIT
        read -r _ || true
        """;

    private static readonly string? Programs = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin"))
            .Where(bin => File.Exists(Path.Combine(bin, "initdb"))).OrderDescending(StringComparer.Ordinal).FirstOrDefault()
        : null;

    /// <summary>Stops the shared server at the end of the run: a process that ends has little time for it.</summary>
    public sealed class EndOfRun : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (Shared.IsValueCreated)
                await (await Shared.Value).DisposeAsync();
        }
    }

    private static readonly Lazy<Task<PostgresServer>> Shared = new(() => StartOwnAsync());
    private static readonly ConcurrentDictionary<string, Lazy<Task<OfDirectory>>> Databases = new();
    private static int _databases;

    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-postgres-").FullName;
    private readonly int _port = FreePort.Take();
    private readonly StringBuilder _log = new();
    private readonly Lazy<Task<string>> _template;
    private readonly bool _isDurable;
    // Kept for its standard input: closing that pipe stops the server
    private Process? _launcher;

    private PostgresServer(bool isDurable)
    {
        _isDurable = isDurable;
        _template = new(MigrateTemplateAsync);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Remove();
    }

    /// <summary>Whether tests that do not choose a database run on PostgreSQL.</summary>
    public static bool IsDefault { get; } = Environment.GetEnvironmentVariable("SENTINELCAM_TESTS_DATABASE") == "PostgreSQL";

    public static bool IsAvailable => Programs is not null;

    public static string Why => IsAvailable ? "" : "PostgreSQL is not installed";

    /// <summary>The settings for an app on a new database of the shared server.</summary>
    public static async Task<(string Key, string? Value)[]> NewDatabaseAsync() => await (await Shared.Value).AddDatabaseAsync();

    /// <summary>The settings for an app on a database that belongs to a directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="own">Where the database is; null: on the shared server.</param>
    public static async Task<(string Key, string? Value)[]> DatabaseOfAsync(string directory, PostgresServer? own = null) =>
        (await Databases.GetOrAdd(directory, _ => new(async () =>
        {
            var server = own ?? await Shared.Value;
            return new(server, await server.AddDatabaseAsync());
        })).Value).Settings;

    /// <summary>Removes the database that belongs to a directory, if there is one. Hundreds would fill the disk.</summary>
    public static async Task RemoveDatabaseOfAsync(string directory)
    {
        if (!Databases.TryRemove(directory, out var known))
            return;
        var (server, settings) = await known.Value;
        // A server of its own ends with its databases, and may have ended already
        if (!Shared.IsValueCreated || server != await Shared.Value)
            return;
        var name = new NpgsqlConnectionStringBuilder(settings[0].Value).Database;
        await server.ExecuteAsync($"DROP DATABASE {name} WITH (FORCE)");
    }

    /// <summary>The settings for a process on a data directory: none if no database belongs to it.</summary>
    /// <param name="dataDirectory">The app's data directory, in the directory of the database.</param>
    public static (string Key, string? Value)[] Of(string? dataDirectory) =>
        Path.GetDirectoryName(dataDirectory) is { } directory && Databases.TryGetValue(directory, out var known)
            ? known.Value.GetAwaiter().GetResult().Settings : [];

    /// <summary>A connection to the database of an app.</summary>
    public static async Task<NpgsqlConnection> ConnectAsync((string Key, string? Value)[] settings)
    {
        var connection = new NpgsqlConnection(settings.Single(setting => setting.Key == Key).Value);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>The first value that a statement returns in the database of an app.</summary>
    public static async Task<T> ReadAsync<T>((string Key, string? Value)[] settings, string sql)
    {
        await using var connection = await ConnectAsync(settings);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Starts a server that a test can stop.</summary>
    /// <param name="isDurable">Whether commits reach the disk, as for measuring; without it, tests take less time.</param>
    public static async Task<PostgresServer> StartOwnAsync(bool isDurable = false)
    {
        var server = await NewAsync(isDurable);
        await RunAsync([.. AsUser, Path.Combine(Programs!, "initdb"), "-D", server.Data,
            "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
        await server.StartAsync();
        await server.ExecuteAsync("CREATE ROLE sentinelcam LOGIN");
        return server;
    }

    /// <summary>
    /// The settings for an app on a new database, a copy of a migrated one, because to migrate each takes longer. Its user owns
    /// it, and nothing else.
    /// </summary>
    public async Task<(string Key, string? Value)[]> AddDatabaseAsync()
    {
        var template = await _template.Value;
        return await AddDatabaseAsync($" TEMPLATE {template}");
    }

    /// <summary>The settings for an app on a database without tables.</summary>
    public Task<(string Key, string? Value)[]> AddEmptyDatabaseAsync() => AddDatabaseAsync("");

    /// <summary>Starts it, and returns when it answers.</summary>
    public async Task StartAsync()
    {
        var start = Start([.. AsUser, "bash", "-c", Launcher, "postgres", Programs!, _directory,
            _port.ToString(CultureInfo.InvariantCulture), _isDurable ? "on" : "off"]);
        start.RedirectStandardInput = true;
        _launcher = new Process { StartInfo = start };
        _launcher.OutputDataReceived += (_, line) => Log(line.Data);
        _launcher.ErrorDataReceived += (_, line) => Log(line.Data);
        _launcher.Start();
        _launcher.BeginOutputReadLine();
        _launcher.BeginErrorReadLine();
        await Eventually.TrueAsync(Answers, LogText);
    }

    /// <summary>Ends it at once, with all its connections. The data stays.</summary>
    public void Stop()
    {
        if (_launcher is not { } launcher)
            return;
        _launcher = null;
        launcher.StandardInput.Close();
        launcher.WaitForExit(TimeSpan.FromSeconds(10));
        launcher.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        Remove();
        return ValueTask.CompletedTask;
    }

    /// <summary>A database that belongs to a directory.</summary>
    private sealed record OfDirectory(PostgresServer Server, (string Key, string? Value)[] Settings);

    /// <summary>The number of its first process, whose children serve the connections.</summary>
    public int ReadProcessId() =>
        int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>Its port on 127.0.0.1.</summary>
    public int Port => _port;

    private string Data => Path.Combine(_directory, "data");

    /// <summary>Without a pool, which would keep connections to a server that was killed.</summary>
    private string Administration => Connection("postgres", "postgres") + ";Pooling=false";

    private static string[] AsUser =>
        Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];

    private static async Task<PostgresServer> NewAsync(bool isDurable)
    {
        var server = new PostgresServer(isDurable);
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", "postgres", server._directory);
        return server;
    }

    private void Remove()
    {
        Stop();
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    private async Task<(string Key, string? Value)[]> AddDatabaseAsync(string options)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"site{Interlocked.Increment(ref _databases)}");
        await ExecuteAsync($"CREATE DATABASE {name} OWNER sentinelcam{options}");
        return [(Key, Connection("sentinelcam", name))];
    }

    private async Task<string> MigrateTemplateAsync()
    {
        await ExecuteAsync("CREATE DATABASE migrated OWNER sentinelcam");
        // Not pooled: a template must have no connections
        var options = new DbContextOptionsBuilder<PostgresDbContext>()
            .UseNpgsql(Connection("sentinelcam", "migrated") + ";Pooling=false").Options;
        await using var db = new PostgresDbContext(options);
        await db.Database.MigrateAsync();
        return "migrated";
    }

    private bool Answers()
    {
        try
        {
            using var connection = new NpgsqlConnection(Administration);
            connection.Open();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Administration);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private string Connection(string user, string database) => string.Create(CultureInfo.InvariantCulture,
        $"Host=127.0.0.1;Port={_port};Username={user};Database={database};{FewConnections}");

    private static ProcessStartInfo Start(string[] command) => new(command[0], command[1..])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = "/",
    };

    private static async Task<string> RunAsync(params string[] command)
    {
        using var process = Process.Start(Start(command))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{command[^1]}: {await output}{errors}");
        return await output;
    }

    private void Log(string? line)
    {
        lock (_log)
            _log.AppendLine(line);
    }

    private string LogText()
    {
        lock (_log)
            return _log.ToString();
    }
}

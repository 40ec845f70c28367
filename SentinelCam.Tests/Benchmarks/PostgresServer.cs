using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>
/// A PostgreSQL server of our own, in a temporary folder and on a free port of loopback, where its programs are installed.
/// Its settings are PostgreSQL's, but for a commit that does not wait for the disk: that is what it is compared with.
/// </summary>
internal sealed class PostgresServer : IDisposable
{
    private readonly string _folder;
    private readonly Process _process;

    private PostgresServer(string programs)
    {
        _folder = Directory.CreateTempSubdirectory("postgres-").FullName;
        var data = Path.Combine(_folder, "data");
        if (Environment.IsPrivilegedProcess) Run("chown", "nobody", _folder);
        Run(AsOrdinaryUser(Path.Combine(programs, "initdb"), "--auth=trust", "--username=postgres", "--no-sync", "--locale=C", "-D", data));

        Port = FreePort();
        var start = AsOrdinaryUser(
            Path.Combine(programs, "postgres"), "-D", data, "-k", _folder, "-h", "127.0.0.1",
            "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", "synchronous_commit=off");
        start.RedirectStandardError = true;
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginErrorReadLine();
        WaitUntilReady();
    }

    public int Port { get; }

    /// <summary>Of a database of its own for each name.</summary>
    public string ConnectionString(string database) => string.Create(
        CultureInfo.InvariantCulture,
        $"Host=127.0.0.1;Port={Port};Username=postgres;Database={database};Maximum Pool Size=60;Include Error Detail=true");

    /// <returns>Null where PostgreSQL is not installed.</returns>
    public static PostgresServer? TryStart()
    {
        if (OperatingSystem.IsWindows()) return null;
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Concat(Directory.Exists("/usr/lib/postgresql")
                ? Directory.GetDirectories("/usr/lib/postgresql").Select(static folder => Path.Combine(folder, "bin"))
                : []);
        var programs = folders.FirstOrDefault(
            static folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")));
        return programs is null ? null : new PostgresServer(programs);
    }

    public void Dispose()
    {
        // The postmaster alone: it ends its own
        if (!_process.HasExited) Run("kill", "-INT", _process.Id.ToString(CultureInfo.InvariantCulture));
        _process.WaitForExit(TimeSpan.FromSeconds(30));
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // PostgreSQL refuses root
    private static ProcessStartInfo AsOrdinaryUser(params string[] command) => Environment.IsPrivilegedProcess
        ? new("setpriv", ["--reuid=nobody", "--regid=nogroup", "--clear-groups", .. command]) { WorkingDirectory = "/" }
        : new(command[0], command[1..]);

    private static void Run(string program, params string[] arguments) => Run(new ProcessStartInfo(program, arguments));

    private static void Run(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{start.FileName}: {said}");
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private void WaitUntilReady()
    {
        var end = DateTime.UtcNow.AddSeconds(60);
        while (true)
        {
            try
            {
                using var connection = new Npgsql.NpgsqlConnection(ConnectionString("postgres"));
                connection.Open();
                return;
            }
            catch (Npgsql.NpgsqlException) when (DateTime.UtcNow < end && !_process.HasExited)
            {
                Thread.Sleep(100);
            }
        }
    }
}

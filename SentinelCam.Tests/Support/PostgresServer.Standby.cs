using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace SentinelCam.Tests.Support;

/// <summary>A second server that has everything that the first has acknowledged.</summary>
public sealed partial class PostgresServer
{
    /// <summary>Starts a standby. From now on, this server acknowledges a commit after the standby has it on its disk.</summary>
    public async Task<PostgresServer> AddStandbyAsync()
    {
        var standby = await NewAsync(_isDurable);
        await RunAsync([.. AsUser, Path.Combine(Programs!, "pg_basebackup"), "-d", Connection("postgres"), "-D", standby.Data,
            "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync"]);
        await standby.StartAsync();
        await ExecuteAsync("ALTER SYSTEM SET synchronous_standby_names = '*'");
        await ExecuteAsync("SELECT pg_reload_conf()");
        await Eventually.TrueAsync(async () =>
            await ReadAsync("SELECT string_agg(sync_state, ',') FROM pg_stat_replication") as string == "sync", standby.LogText);
        return standby;
    }

    /// <summary>The settings for an app that finds out which of both servers is the primary one.</summary>
    /// <param name="standby">The second server.</param>
    /// <param name="database">The settings for this server alone.</param>
    public static (string Key, string? Value)[] WithStandby(
        PostgresServer standby, (string Key, string? Value)[] database)
    {
        ArgumentNullException.ThrowIfNull(standby);
        var alone = new NpgsqlConnectionStringBuilder(Assert.Single(database).Value);
        alone.Host = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{alone.Port},127.0.0.1:{standby._port}");
        alone.Remove("Port");
        return [(Key, alone.ToString())];
    }

    /// <summary>Sends SIGKILL to the server and to the processes of its connections, as if its machine had failed.</summary>
    /// <remarks>Returns when all have ended: a server refuses to start while one of them still has their shared memory.</remarks>
    public async Task KillAsync()
    {
        var process = ReadProcessId();
        // While it stands still it starts no child that would not be seen here
        await RunAsync("kill", "-STOP", Text(process));
        await Eventually.TrueAsync(() => ReadState(process) is 'T');
        // Its children have it as their parent only as long as it lives
        var children = await File.ReadAllTextAsync($"/proc/{Text(process)}/task/{Text(process)}/children");
        int[] all = [process, .. children.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture))];
        foreach (var id in all)
        {
            try
            {
                using var found = Process.GetProcessById(id);
                found.Kill();
            }
            catch (ArgumentException)
            {
                // It has ended meanwhile
            }
        }

        await Eventually.TrueAsync(() => all.All(id => ReadState(id) is null or 'Z' or 'X'));
        // Otherwise nobody would wait for their end, and a server that starts on the data would find them
        Stop();

        static string Text(int id) => id.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>All that a database stores, as statements.</summary>
    public static async Task<string> DumpAsync((string Key, string? Value)[] settings)
    {
        var database = new NpgsqlConnectionStringBuilder(Assert.Single(settings).Value);
        return await RunAsync(Path.Combine(Programs!, "pg_dump"), "--inserts", string.Create(CultureInfo.InvariantCulture,
            $"host={database.Host} port={database.Port} user={database.Username} dbname={database.Database}"));
    }

    /// <summary>
    /// Leaves those without an answer who connect to a server that was killed, as a machine without power does: the system
    /// ignores connections for which a queue has no room.
    /// </summary>
    public async Task<IDisposable> LosePowerAsync()
    {
        var queue = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        queue.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        // Until the last of its processes has ended
        await Eventually.TrueAsync(TryListen);
        List<Socket> waiting = [];
        for (var i = 0; i < 3; i++)
        {
            waiting.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false });
            try
            {
                waiting[i].Connect(IPAddress.Loopback, _port);
            }
            catch (SocketException error) when (error.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                // It waits
            }
        }

        return new Closed([queue, .. waiting]);

        bool TryListen()
        {
            try
            {
                queue.Bind(new IPEndPoint(IPAddress.Loopback, _port));
                queue.Listen(0);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }
    }

    /// <summary>Makes the standby the primary server.</summary>
    public Task PromoteAsync() => RunAsync([.. AsUser, Path.Combine(Programs!, "pg_ctl"), "promote", "-D", Data, "--wait"]);

    private async Task<object?> ReadAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Administration);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>The letter that Linux has for the state of a process; null: it has ended, and its parent knows.</summary>
    private static char? ReadState(int process)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            return stat[stat.LastIndexOf(')') + 2];
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>As the programs of PostgreSQL read it.</summary>
    private string Connection(string user) =>
        string.Create(CultureInfo.InvariantCulture, $"host=127.0.0.1 port={_port} user={user}");

    private sealed class Closed(Socket[] sockets) : IDisposable
    {
        public void Dispose() => Array.ForEach(sockets, socket => socket.Dispose());
    }
}

using System.Data.Common;
using Npgsql;

namespace SentinelCam.Data;

/// <summary>A lock of PostgreSQL that belongs to a connection, and ends with it.</summary>
/// <remarks>
/// After a loss of the connection two nodes can believe for some seconds that they have the turn, so what it protects must be
/// harmless if it is done twice.
/// </remarks>
internal sealed class PostgresTurn(string server) : NodeTurn, IAsyncDisposable
{
    /// <summary>Like <see cref="OneWriter"/>'s: any number that no other program uses on this database.</summary>
    private const string Lock = "SELECT pg_try_advisory_lock(7305808869232734)";

    /// <summary>
    /// The server notices within half a minute that the machine of a node has lost power or its network, and later that a node
    /// hangs.
    /// </summary>
    private const string KeepAlive = " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4"
        // A node asks once a minute at least
        + " -c idle_session_timeout=90s";

    /// <summary>How long an answer is believed.</summary>
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(3);

    private NpgsqlConnection? _connection;
    private bool _isMine;
    private long _askedAt;

    public override async Task<bool> TryTakeAsync(CancellationToken cancellationToken)
    {
        if (_connection is not null && TimeProvider.System.GetElapsedTime(_askedAt) < Believed)
            return _isMine;
        try
        {
            _connection ??= await ConnectAsync(cancellationToken);
            // A second lock by the same connection would need a second release
            await using var command = new NpgsqlCommand(_isMine ? "SELECT true" : Lock, _connection) { CommandTimeout = 5 };
            _isMine = await command.ExecuteScalarAsync(cancellationToken) is true;
            _askedAt = TimeProvider.System.GetTimestamp();
            return _isMine;
        }
        catch (DbException)
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isMine = false;
        if (Interlocked.Exchange(ref _connection, null) is { } connection)
            await connection.DisposeAsync();
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var settings = PostgresOptions.Unpooled(server, "SentinelCam turn");
        settings.Options += KeepAlive;
        var connection = new NpgsqlConnection(settings.ToString());
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}

using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace SentinelCam.Data;

/// <summary>
/// Asks the server first that was the primary one last, and last once it fails. Npgsql asks several in the configured order, and
/// again after each second: behind one that lost its power, every request would wait until it gives up.
/// </summary>
public sealed class PrimaryFirst
{
    private readonly ConcurrentDictionary<(string Server, Known Known), string> _strings = new();

    private volatile Known _known = new(null, Answers: true);

    /// <summary>A connection string whose hosts are in the best order.</summary>
    public string Order(string server)
    {
        return _strings.GetOrAdd((server, _known), Sort);

        static string Sort((string Server, Known Known) key)
        {
            var settings = new NpgsqlConnectionStringBuilder(key.Server);
            var hosts = HostsOf(settings);
            if (hosts.Length < 2)
                return key.Server;
            var primary = key.Known.Primary ?? hosts[0];
            settings.Host = string.Join(',', hosts.OrderBy(host => (host == primary) != key.Known.Answers));
            return settings.ToString();
        }
    }

    /// <summary>Remembers which server has answered as the primary one.</summary>
    /// <param name="server">The configured connection string.</param>
    /// <param name="connection">A connection that is open.</param>
    public void Note(string server, NpgsqlConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var settings = new NpgsqlConnectionStringBuilder(server);
        var port = string.Create(CultureInfo.InvariantCulture, $"{connection.Host}:{connection.Port}");
        if (Array.Find(HostsOf(settings), host => host == port || (host == connection.Host && settings.Port == connection.Port))
            is { } primary && (primary != _known.Primary || !_known.Answers))
        {
            _known = new(primary, Answers: true);
        }
    }

    /// <summary>Remembers that the primary server does not answer, so that its successor is found soon.</summary>
    public void NoteFailure() => _known = _known with { Answers = false };

    private static string[] HostsOf(NpgsqlConnectionStringBuilder settings) =>
        (settings.Host ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <param name="Primary">An entry of <c>Host</c>; null for the first one.</param>
    /// <param name="Answers">Whether the last connection could be opened.</param>
    private sealed record Known(string? Primary, bool Answers);

    /// <summary>Orders the servers for EF Core.</summary>
    /// <param name="order">The order.</param>
    /// <param name="server">The configured connection string. A connection that was open no longer knows the password.</param>
    internal sealed class Interceptor(PrimaryFirst order, string server) : DbConnectionInterceptor
    {
        private readonly bool _isOne = HostsOf(new NpgsqlConnectionStringBuilder(server)).Length < 2;

        public override InterceptionResult ConnectionOpening(
            DbConnection connection, ConnectionEventData eventData, InterceptionResult result)
        {
            Prepare(connection);
            return result;
        }

        public override ValueTask<InterceptionResult> ConnectionOpeningAsync(
            DbConnection connection, ConnectionEventData eventData, InterceptionResult result,
            CancellationToken cancellationToken = default)
        {
            Prepare(connection);
            return new(result);
        }

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Note(connection);

        public override Task ConnectionOpenedAsync(
            DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            Note(connection);
            return Task.CompletedTask;
        }

        public override void ConnectionFailed(DbConnection connection, ConnectionErrorEventData eventData) =>
            NoteFailure(eventData.Exception);

        public override Task ConnectionFailedAsync(
            DbConnection connection, ConnectionErrorEventData eventData, CancellationToken cancellationToken = default)
        {
            NoteFailure(eventData.Exception);
            return Task.CompletedTask;
        }

        private void Prepare(DbConnection connection)
        {
            if (!_isOne)
                connection.ConnectionString = order.Order(server);
        }

        /// <summary>
        /// Other hosts first would be another pool. Where all connections are in use, it would open as many again.
        /// </summary>
        private void NoteFailure(Exception error)
        {
            if (!_isOne && !IsPoolInUse(error))
                order.NoteFailure();
        }

        /// <summary>Npgsql has no type and no code for this.</summary>
        private static bool IsPoolInUse(Exception error) =>
            error.Message.Contains("connection pool has been exhausted", StringComparison.Ordinal)
            || (error is AggregateException several
                ? several.InnerExceptions.Any(IsPoolInUse)
                : error.InnerException is { } inner && IsPoolInUse(inner));

        private void Note(DbConnection connection)
        {
            if (!_isOne)
                order.Note(server, (NpgsqlConnection)connection);
        }
    }
}

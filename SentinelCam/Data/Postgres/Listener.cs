using System.Data.Common;
using Npgsql;

namespace SentinelCam.Data;

/// <summary>A channel of PostgreSQL to listen to.</summary>
/// <param name="Name">The channel.</param>
/// <param name="Heard">Called with the text of each notification. It must return at once.</param>
/// <param name="Connected">Called after each connection: notifications before it are lost.</param>
public sealed record ListenedChannel(string Name, Action<string> Heard, Action Connected);

/// <summary>
/// The one connection of this process that waits for notifications of PostgreSQL. It connects again by itself.
/// </summary>
internal sealed class Listener(string server, IEnumerable<ListenedChannel> channels, ILogger<Listener> logger)
    : BackgroundService
{
    /// <summary>What PostgreSQL calls the connection.</summary>
    public const string Name = "SentinelCam listener";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>How long without a notification until it asks whether the server is still there.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, ListenedChannel> _channels = channels.ToDictionary(c => c.Name, StringComparer.Ordinal);
    private bool _isLost;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception error) when (error is DbException or IOException or TimeoutException or InvalidOperationException)
            {
                if (!_isLost)
                {
                    logger.LogWarning("What other nodes do is not announced, because the database does not answer: {Problem}",
                        error.Message.ReplaceLineEndings(" "));
                }

                _isLost = true;
                await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        await using var connection = new NpgsqlConnection(server);
        connection.Notification += (_, heard) =>
        {
            if (_channels.TryGetValue(heard.Channel, out var channel))
                channel.Heard(heard.Payload);
        };
        await connection.OpenAsync(stoppingToken);
        // The names are constants
        await ExecuteAsync(connection, string.Concat(_channels.Keys.Select(name => $"LISTEN {name};")), stoppingToken);
        if (_isLost)
            logger.LogInformation("What other nodes do is announced again");
        _isLost = false;
        foreach (var channel in _channels.Values)
            channel.Connected();
        while (true)
            if (!await connection.WaitAsync(Silence, stoppingToken))
                await ExecuteAsync(connection, "SELECT 1", stoppingToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

internal static class ListenerServices
{
    /// <summary>Starts listening to all channels that are registered as <see cref="ListenedChannel"/>.</summary>
    public static void AddListener(this IServiceCollection services, string server)
    {
        services.AddSingleton(provider =>
        {
            var commits = provider.GetRequiredService<CommitSignal>();
            return new ListenedChannel(CommitSignal.Channel, origin =>
            {
                if (origin != commits.Origin)
                    commits.Raise();
            }, commits.Raise);
        });
        services.AddSingleton(provider =>
        {
            var session = provider.GetRequiredService<NodeSession>();
            return new ListenedChannel(NodeSession.Channel, _ => session.NoteJoin(), session.NoteJoin);
        });
        services.AddHostedService(provider => ActivatorUtilities.CreateInstance<Listener>(
            provider, PostgresOptions.Unpooled(server, Listener.Name).ToString()));
    }
}

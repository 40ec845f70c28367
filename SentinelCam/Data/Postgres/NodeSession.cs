using Npgsql;
using SentinelCam.Configuration;

namespace SentinelCam.Data;

/// <summary>What a heartbeat says about the node's camera.</summary>
/// <param name="Name">As in <c>Camera:Name</c>.</param>
/// <param name="State">What it does.</param>
/// <param name="Problem">What is wrong, and the remedy; null if nothing is.</param>
public sealed record NodeCamera(string Name, string State, string? Problem);

/// <summary>
/// This node's heartbeat. Its connection holds a lock on the node's name, which ends with the connection, so no two processes
/// have one name.
/// </summary>
/// <remarks>
/// Not through EF Core: a heartbeat changes nothing that a page shows, so it is no commit that <see cref="CommitSignal"/>
/// signals, and it does not wait for <see cref="OneWriter"/>.
/// </remarks>
public sealed class NodeSession(
    string server, NodeName self, LiveNodes nodes, CommitSignal commits) : IAsyncDisposable
{
    /// <summary>The channel of PostgreSQL on which a node that starts tells the others.</summary>
    internal const string Channel = "sentinelcam_nodes";

    /// <summary>The longest time between two heartbeats.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A node that hangs loses its name when it is dead to the others. Half-open connections end in the same way.
    /// </summary>
    private const string Claim = """
        SET idle_session_timeout = '20s';
        SELECT pg_try_advisory_lock(1935895918, hashtext(@name)), (extract(epoch FROM clock_timestamp()) * 1000)::bigint
        """;

    private const string Beat = """
        INSERT INTO "Nodes" ("Name", "SeenAt", "StartedAt", "Version", "Camera", "CameraState", "CameraProblem", "ClockAheadMs")
            VALUES (@name, (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
                (extract(epoch FROM clock_timestamp()) * 1000)::bigint, @version, @camera, @state, @problem, @ahead)
            ON CONFLICT ("Name") DO UPDATE SET "SeenAt" = excluded."SeenAt", "Version" = excluded."Version",
                "StartedAt" = CASE WHEN @starts THEN excluded."StartedAt" ELSE "Nodes"."StartedAt" END,
                "Camera" = excluded."Camera", "CameraState" = excluded."CameraState",
                "CameraProblem" = excluded."CameraProblem", "ClockAheadMs" = excluded."ClockAheadMs"
            RETURNING "SeenAt";
        SELECT "Name", (extract(epoch FROM clock_timestamp()) * 1000)::bigint - "SeenAt" FROM "Nodes" WHERE "Name" <> @name;
        """;

    /// <summary>An answer that takes longer says little about the clock.</summary>
    private static readonly TimeSpan LongestRound = TimeSpan.FromSeconds(1);

    /// <summary>The machine's own clock, because the others measure with theirs.</summary>
    private static readonly TimeProvider Time = TimeProvider.System;

    /// <summary>How many seconds a command may take.</summary>
    private const int Patience = 5;

    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(100);

    private readonly NpgsqlConnectionStringBuilder _server = PostgresOptions.Unpooled(server, $"SentinelCam node {self}");

    private NpgsqlConnection? _connection;
    private bool _hasStarted;
    private TaskCompletionSource _joined = New();

    /// <summary>Completes when another node starts. Take it before a heartbeat, which learns of it.</summary>
    internal Task Joined => Volatile.Read(ref _joined).Task;

    /// <summary>Takes the node's name, and adds its row.</summary>
    /// <exception cref="ConfigurationException">Another process has the name.</exception>
    /// <exception cref="NpgsqlException">The database cannot be used.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var began = Time.GetTimestamp();
        while (!await TryOpenAsync(cancellationToken))
        {
            // The last process can have ended a moment ago
            if (Time.GetElapsedTime(began) > TimeSpan.FromSeconds(3))
            {
                throw new ConfigurationException(NodeName.Key, self.Value,
                    "a name that no other running SentinelCam on this database has.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken);
        }

        await BeatAsync(new NodeCamera("", "", null), cancellationToken);
        // Before this node answers anybody: until the others know it, they would be the only one
        await using var command = new NpgsqlCommand($"NOTIFY {Channel}", _connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Notes that another node starts, or that its notification may have been missed.</summary>
    internal void NoteJoin() => Interlocked.Exchange(ref _joined, New()).TrySetResult();

    /// <summary>Says that this node is alive, and learns which others are.</summary>
    /// <returns>
    /// When to do so next: after <see cref="Interval"/>, or sooner if a node is dead by then without a heartbeat.
    /// </returns>
    /// <exception cref="NpgsqlException">The database cannot be used.</exception>
    /// <exception cref="InvalidOperationException">Another process has taken the name meanwhile.</exception>
    public async Task<TimeSpan> BeatAsync(NodeCamera camera, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(camera);
        try
        {
            if (_connection is null && !await TryOpenAsync(cancellationToken))
            {
                throw new InvalidOperationException(
                    $"Another SentinelCam on this database has the name \"{self}\" ({NodeName.Key}).");
            }

            return await BeatAsync(_connection!, camera, cancellationToken);
        }
        catch (NpgsqlException)
        {
            await CloseAsync();
            throw;
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync() => await CloseAsync();

    private async Task<TimeSpan> BeatAsync(NpgsqlConnection connection, NodeCamera camera, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Beat, connection) { CommandTimeout = Patience };
        command.Parameters.AddWithValue("name", self.Value);
        command.Parameters.AddWithValue("version", ProductVersion.Text);
        command.Parameters.AddWithValue("camera", camera.Name);
        command.Parameters.AddWithValue("state", camera.State);
        command.Parameters.Add(new NpgsqlParameter<string?>("problem", camera.Problem));
        command.Parameters.AddWithValue("ahead", (long)(nodes.ClockAhead ?? TimeSpan.Zero).TotalMilliseconds);
        command.Parameters.AddWithValue("starts", !_hasStarted);
        var sent = Sample();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        Compare(sent, reader.GetInt64(0));
        await reader.NextResultAsync(cancellationToken);
        var ages = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
            ages[reader.GetString(0)] = TimeSpan.FromMilliseconds(reader.GetInt64(1));
        _hasStarted = true;
        // What waits for a node that is dead now is given up
        if (nodes.Note(ages))
            commits.Raise();
        return ages.Values.Select(age => LiveNodes.Limit - age).Append(nodes.RecoveryLeft).Where(left => left > TimeSpan.Zero)
            .Select(left => left + Margin).Append(Interval).Min();
    }

    private async Task<bool> TryOpenAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(_server.ToString());
        var isOurs = false;
        try
        {
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand(Claim, connection) { CommandTimeout = Patience };
            command.Parameters.AddWithValue("name", self.Value);
            var sent = Sample();
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            isOurs = reader.GetBoolean(0);
            Compare(sent, reader.GetInt64(1));
        }
        finally
        {
            if (!isOurs)
                await connection.DisposeAsync();
        }

        if (isOurs)
        {
            _connection = connection;
            nodes.Resume();
        }

        return isOurs;
    }

    private async Task CloseAsync()
    {
        if (Interlocked.Exchange(ref _connection, null) is { } connection)
            await connection.DisposeAsync();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static (DateTimeOffset At, long Timestamp) Sample() => (Time.GetUtcNow(), Time.GetTimestamp());

    /// <summary>Compares the clocks. The database read its own in the middle between question and answer, more or less.</summary>
    private void Compare((DateTimeOffset At, long Timestamp) sent, long databaseMs)
    {
        var round = Time.GetElapsedTime(sent.Timestamp);
        if (round < LongestRound)
            nodes.ClockAhead = sent.At + (round / 2) - DateTimeOffset.FromUnixTimeMilliseconds(databaseMs);
    }
}

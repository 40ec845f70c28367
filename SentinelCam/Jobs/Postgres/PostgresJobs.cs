using Hangfire;
using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
using Npgsql;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Jobs;

/// <summary>Hangfire's schema in the database of all nodes.</summary>
/// <param name="server">The connection string.</param>
/// <param name="workers">Those of this node, which a new job on any node wakes.</param>
/// <param name="node">This node.</param>
/// <param name="order">Which server is asked first.</param>
internal sealed class PostgresJobs(string server, WaitingWorkers workers, NodeName node, PrimaryFirst order) : JobsDatabase
{
    /// <summary>
    /// The captures of nodes that were removed or have another name now. Their entries are given up by the node that has the
    /// turn. A node is in the list before it has jobs.
    /// </summary>
    private static readonly string JobsNobodyTakes = $"""
        WITH dead AS (
            DELETE FROM "{Schema}"."jobqueue" q WHERE (q."queue" LIKE '{JobQueues.Capture("%")}'
                    OR q."queue" LIKE '{JobQueues.JoinedCapture("%")}')
                AND NOT EXISTS (SELECT 1 FROM "Nodes" n
                    WHERE q."queue" IN ('{JobQueues.Capture("")}' || n."Name", '{JobQueues.JoinedCapture("")}' || n."Name"))
            RETURNING q."jobid")
        DELETE FROM "{Schema}"."job" WHERE "id" IN (SELECT "jobid" FROM dead)
        """;

    /// <summary>The channel on which each new job names its queue.</summary>
    internal const string Channel = "sentinelcam_jobs";

    private const string Schema = "hangfire";

    /// <summary>
    /// A pool of their own, so that a flood of visitors delays no job. Each worker uses a connection only while it fetches a job
    /// or changes its state.
    /// </summary>
    private const int Connections = 12;

    /// <summary>The servers of a node that has been dead for so long are no longer listed.</summary>
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(10);

    /// <summary>Like <see cref="OneWriter"/>'s: any number that no other program uses on this database.</summary>
    private const string Lock = "SET lock_timeout = '60s'; SELECT pg_advisory_lock(7305808869232733)";

    /// <summary>
    /// A trigger also notices jobs that the dashboard of another node returns to a queue of this one: there Hangfire does not ask
    /// our queue provider, which is for the queues that a node works on.
    /// </summary>
    private const string Trigger = $"""
        CREATE OR REPLACE FUNCTION "{Schema}"."sentinelcam_new_job"() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM pg_notify('{Channel}', NEW."queue");
                RETURN NULL;
            END $$;
        CREATE OR REPLACE TRIGGER "sentinelcam_new_job" AFTER INSERT ON "{Schema}"."jobqueue"
            FOR EACH ROW EXECUTE FUNCTION "{Schema}"."sentinelcam_new_job"();
        """;

    private PostgreSqlStorage? _storage;

    /// <summary>
    /// A node that runs a job says so five times within this time. Otherwise the node is dead, and the job runs again elsewhere.
    /// </summary>
    internal TimeSpan Invisibility { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How often workers look for jobs if no signals come. Each second took half a percent of a core more for each node.
    /// </summary>
    internal TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(2);

    /// <inheritdoc />
    public override JobStorage Open()
    {
        try
        {
            Install();
        }
        catch (NpgsqlException error)
        {
            var host = new NpgsqlConnectionStringBuilder(server).Host;
            // The connection string can contain a password
            throw new ConfigurationException(PostgresOptions.Key, $"a database on {host}",
                $"one in which its user can make the schema {Schema} ({error.Message.ReplaceLineEndings(" ")}).");
        }

        var options = new PostgreSqlStorageOptions
        {
            SchemaName = Schema,
            PrepareSchemaIfNecessary = false,
            QueuePollInterval = Poll,
            InvisibilityTimeout = Invisibility,
            UseSlidingInvisibilityTimeout = true,
            // A lock is a row, which a killed node leaves behind. They are held for moments
            DistributedLockTimeout = Invisibility,
        };
        _storage = new PostgreSqlStorage(new NpgsqlConnectionFactory(ForWorkers(), options, Order), options);
        _storage.QueueProviders.Add(new NotifiedQueues(_storage, options, workers), JobQueues.Of(node.Value));
        return _storage;
    }

    /// <inheritdoc />
    public override void Check()
    {
        using var connection = new NpgsqlConnection(order.Order(ForWorkers()));
        connection.Open();
        using var command = new NpgsqlCommand($"""SELECT 1 FROM "{Schema}"."jobqueue" LIMIT 1""", connection);
        command.ExecuteScalar();
    }

    /// <inheritdoc />
    public override void CleanUp()
    {
        using var connection = _storage?.GetConnection();
        connection?.RemoveTimedOutServers(Forgotten);
        using var database = new NpgsqlConnection(order.Order(ForWorkers()));
        database.Open();
        using var command = new NpgsqlCommand(JobsNobodyTakes, database);
        command.ExecuteNonQuery();
    }

    /// <summary>Makes the schema, or brings it up to date. Nodes that start at the same time do so one after another.</summary>
    private void Install()
    {
        // Closing the connection releases the lock
        using var connection = new NpgsqlConnection(PostgresOptions.Unpooled(server, "SentinelCam jobs").ToString());
        connection.Open();
        Execute(Lock);
        PostgreSqlObjectsInstaller.Install(connection, Schema);
        Execute(Trigger);

        void Execute(string sql)
        {
            using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 120 };
            command.ExecuteNonQuery();
        }
    }

    /// <summary>With what the pages have found out about the servers.</summary>
    private void Order(NpgsqlConnection connection) => connection.ConnectionString = order.Order(ForWorkers());

    private string ForWorkers() => new NpgsqlConnectionStringBuilder(server)
    {
        ApplicationName = "SentinelCam jobs",
        MaxPoolSize = Connections,
    }.ToString();
}

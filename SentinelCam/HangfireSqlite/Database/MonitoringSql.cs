namespace SentinelCam.HangfireSqlite.Database;

/// <summary>The statements behind the dashboard.</summary>
internal static class MonitoringSql
{
    // The order of the columns is that of JobRow
    private const string JobColumns =
        """
        job.id, job.type, job.method, job.parameter_types, job.arguments, job.queue, job.state_name,
        job_state.reason, job_state.created_at, job_state.data
        """;

    public const string JobsOldestFirst =
        $"""
        SELECT {JobColumns} FROM job LEFT JOIN job_state ON job_state.id = job.state_id
        WHERE job.state_name = $state ORDER BY job.state_id LIMIT $count OFFSET $from
        """;

    public const string JobsNewestFirst =
        $"""
        SELECT {JobColumns} FROM job LEFT JOIN job_state ON job_state.id = job.state_id
        WHERE job.state_name = $state ORDER BY job.state_id DESC LIMIT $count OFFSET $from
        """;

    public const string CountJobs = "SELECT count(*) FROM job WHERE state_name = $state";
    public const string StateName = "SELECT state_name FROM job WHERE id = $id";

    public const string Queues = "SELECT name FROM queue ORDER BY name";
    public const string CountQueues = "SELECT count(*) FROM queue";
    public const string CountEnqueued = "SELECT count(*) FROM job_queue WHERE queue = $queue AND holder IS NULL";

    public const string EnqueuedJobs =
        $"""
        SELECT {JobColumns}, job_queue.job_id
        FROM job_queue
        LEFT JOIN job ON job.id = job_queue.job_id
        LEFT JOIN job_state ON job_state.id = job.state_id
        WHERE job_queue.queue = $queue AND job_queue.holder IS NULL
        ORDER BY job_queue.id LIMIT $count OFFSET $from
        """;

    // Only as many rows are fetched as workers run, so the index of the fetched is read to its end
    public const string CountFetched =
        """
        SELECT count(*) FROM job_queue INDEXED BY job_queue_fetched WHERE holder IS NOT NULL AND queue = $queue
        """;

    public const string FetchedJobs =
        $"""
        SELECT {JobColumns}, job_queue.job_id, job_queue.fetched_at
        FROM job_queue INDEXED BY job_queue_fetched
        LEFT JOIN job ON job.id = job_queue.job_id
        LEFT JOIN job_state ON job_state.id = job.state_id
        WHERE job_queue.holder IS NOT NULL AND job_queue.queue = $queue
        ORDER BY job_queue.fetched_at LIMIT $count OFFSET $from
        """;

    public const string JobDetails =
        """
        SELECT type, method, parameter_types, arguments, queue, parameters, created_at, expire_at
        FROM job WHERE id = $id
        """;

    public const string History =
        "SELECT name, reason, created_at, data FROM job_state WHERE job_id = $id ORDER BY id DESC";

    public const string Servers =
        "SELECT id, worker_count, queues, started_at, heartbeat_at FROM server ORDER BY id";

    public const string CountServers = "SELECT count(*) FROM server";
}

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

    private const string JoinState =
        """
        LEFT JOIN job_state ON job_state.job_id = job.id AND job_state.id =
            (SELECT max(last.id) FROM job_state last WHERE last.job_id = job.id AND last.is_current)
        """;

    public const string JobsOldestFirst =
        $"""
        SELECT {JobColumns} FROM job {JoinState}
        WHERE job.state_name = $state ORDER BY job.state_at, job.id LIMIT $count OFFSET $from
        """;

    public const string JobsNewestFirst =
        $"""
        SELECT {JobColumns} FROM job {JoinState}
        WHERE job.state_name = $state ORDER BY job.state_at DESC, job.id DESC LIMIT $count OFFSET $from
        """;

    public const string CountJobs = "SELECT count(*) FROM job WHERE state_name = $state";
    public const string StateName = "SELECT state_name FROM job WHERE id = $id";

    public const string Queues = "SELECT name FROM queue ORDER BY name";
    public const string CountQueues = "SELECT count(*) FROM queue";
    public const string CountEnqueued = "SELECT count(*) FROM job_queue WHERE queue = $queue";

    public const string EnqueuedJobs =
        $"""
        SELECT {JobColumns}, job_queue.job_id
        FROM job_queue LEFT JOIN job ON job.id = job_queue.job_id {JoinState}
        WHERE job_queue.queue = $queue
        ORDER BY job_queue.id LIMIT $count OFFSET $from
        """;

    // The fetched are few: as many as workers run

    public const string CountFetched = "SELECT count(*) FROM fetched_job WHERE queue = $queue";

    public const string FetchedJobs =
        $"""
        SELECT {JobColumns}, fetched_job.job_id, fetched_job.fetched_at
        FROM fetched_job LEFT JOIN job ON job.id = fetched_job.job_id {JoinState}
        WHERE fetched_job.queue = $queue
        ORDER BY fetched_job.fetched_at LIMIT $count OFFSET $from
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

namespace SentinelCam.HangfireSqlite.Database;

/// <summary>
/// Every statement of the storage but the dashboard's (see <see cref="MonitoringSql"/>), in one place, so that a
/// test can ask SQLite for the plan of each.
/// </summary>
internal static class Sql
{
    public const string Begin = "BEGIN IMMEDIATE";
    public const string Commit = "COMMIT";
    public const string RollBack = "ROLLBACK";
    public const string Checkpoint = "PRAGMA wal_checkpoint(PASSIVE)";
    public const string DataVersion = "PRAGMA data_version";

    public const string StartIds = "UPDATE sequence SET next = $next WHERE name = 'job'";
    public const string ReserveIds = "UPDATE sequence SET next = next + $count WHERE name = 'job' RETURNING next - $count";

    // Jobs

    /// <summary>A job that has no state yet. It may be in the file already: see <see cref="NewJobs"/>.</summary>
    public const string InsertJob =
        """
        INSERT INTO job (id, type, method, parameter_types, arguments, queue, parameters, created_at, expire_at)
        VALUES ($id, $type, $method, $parameterTypes, $arguments, $queue, $parameters, $createdAt, $expireAt)
        ON CONFLICT (id) DO NOTHING
        """;

    public const string InsertJobWithState =
        """
        INSERT INTO job
            (id, type, method, parameter_types, arguments, queue, parameters, created_at, expire_at, state_name, state_at)
        VALUES
            ($id, $type, $method, $parameterTypes, $arguments, $queue, $parameters, $createdAt, $expireAt, $state, $now)
        ON CONFLICT (id) DO UPDATE SET
            expire_at = excluded.expire_at, state_name = excluded.state_name, state_at = excluded.state_at
        """;

    public const string GetJob =
        """
        SELECT type, method, parameter_types, arguments, queue, parameters, created_at, state_name, state_at, expire_at
        FROM job WHERE id = $id
        """;

    public const string GetParameters = "SELECT parameters FROM job WHERE id = $id";
    public const string JobExists = "SELECT 1 FROM job WHERE id = $id";
    public const string SetParameters = "UPDATE job SET parameters = $parameters WHERE id = $id";

    public const string ExpireJob = "UPDATE job SET expire_at = $expireAt WHERE id = $id";
    public const string DeleteJob = "DELETE FROM job WHERE id = $id";
    public const string DeleteStatesOfJob = "DELETE FROM job_state WHERE job_id = $id";

    public const string SetState = "UPDATE job SET state_name = $state, state_at = $now WHERE id = $id";

    public const string SetStateAndExpiration =
        "UPDATE job SET state_name = $state, state_at = $now, expire_at = $expireAt WHERE id = $id";

    public const string SetStateFrom =
        """
        UPDATE job SET state_name = $state, state_at = $now
        WHERE id = $id AND state_name = $stateBefore AND state_at = $timeBefore
        """;

    public const string InsertState =
        """
        INSERT INTO job_state (job_id, id, is_current, name, reason, created_at, data)
        SELECT $jobId, coalesce((SELECT max(id) FROM job_state WHERE job_id = $jobId), 0) + 1,
            $isCurrent, $name, $reason, $createdAt, $data
        """;

    /// <summary>A state that the job had before the one it has now, if its history lacks it.</summary>
    public const string InsertStateOnce =
        """
        INSERT INTO job_state (job_id, id, is_current, name, reason, created_at, data)
        SELECT $jobId, coalesce((SELECT max(id) FROM job_state WHERE job_id = $jobId), 0) + 1,
            0, $name, $reason, $createdAt, $data
        WHERE EXISTS (SELECT 1 FROM job WHERE id = $jobId)
            AND NOT EXISTS (SELECT 1 FROM job_state WHERE job_id = $jobId AND name = $name AND created_at = $createdAt)
        """;

    public const string GetState =
        """
        SELECT name, reason, data, created_at FROM job_state WHERE job_id = $id AND is_current ORDER BY id DESC LIMIT 1
        """;

    // Queues

    public const string AddQueue = "INSERT INTO queue (name) VALUES ($name) ON CONFLICT DO NOTHING";

    /// <summary>Behind all that wait and all that are taken: a place is given away again only when nobody can come back to it.</summary>
    public const string AddToQueue =
        """
        INSERT INTO job_queue (queue, id, job_id)
        SELECT $queue, max(coalesce((SELECT max(id) FROM job_queue WHERE queue = $queue), 0),
            coalesce((SELECT max(id) FROM fetched_job WHERE queue = $queue), 0)) + 1, $jobId
        """;

    public const string TakeFromQueue =
        """
        DELETE FROM job_queue WHERE queue = $queue AND id = (SELECT min(id) FROM job_queue WHERE queue = $queue)
        RETURNING id, job_id
        """;

    public const string AddFetched =
        """
        INSERT INTO fetched_job (holder, queue, id, job_id, fetched_at, heartbeat_at)
        VALUES ($holder, $queue, $id, $jobId, $now, $now)
        """;

    // The holder is named too, so that a worker that lost its job cannot take it from the one that has it now.
    public const string RemoveFetched =
        "DELETE FROM fetched_job WHERE holder = $holder AND queue = $queue AND id = $id AND job_id = $jobId";

    /// <summary>Back to its place, or the next free one when another job has got that meanwhile.</summary>
    public const string ReturnToQueue =
        """
        INSERT INTO job_queue (queue, id, job_id)
        SELECT $queue, CASE WHEN EXISTS (SELECT 1 FROM job_queue WHERE queue = $queue AND id = $id)
            THEN (SELECT max(id) + 1 FROM job_queue WHERE queue = $queue) ELSE $id END, $jobId
        """;

    public const string RenewHeartbeats = "UPDATE fetched_job SET heartbeat_at = $now WHERE holder = $holder";

    /// <summary>Also those whose heartbeat lies ahead: the clock has been set back since.</summary>
    public const string StaleHolders =
        "SELECT holder FROM fetched_job GROUP BY holder HAVING max(heartbeat_at) < $before OR max(heartbeat_at) > $now";

    public const string FetchedByHolder = "SELECT queue, id, job_id FROM fetched_job WHERE holder = $holder";

    public const string CountFree =
        "SELECT count(*) FROM (SELECT 1 FROM job_queue WHERE queue = $queue LIMIT $limit)";

    // Counters

    /// <summary>The usual case: nothing that an index holds is changed.</summary>
    public const string AddToCounterWithSameEnd =
        "UPDATE counter SET value = value + $amount WHERE key = $key AND ($expireAt IS NULL OR expire_at = $expireAt)";

    public const string AddToCounter =
        """
        INSERT INTO counter (key, value, expire_at) VALUES ($key, $amount, $expireAt)
        ON CONFLICT (key) DO UPDATE SET
            value = value + excluded.value, expire_at = coalesce(excluded.expire_at, expire_at)
        """;

    public const string GetCounter = "SELECT value FROM counter WHERE key = $key";
    public const string DeleteEmptyCounter = "DELETE FROM counter WHERE key = $key AND value = 0";

    // Sets

    public const string AddToSet =
        """
        INSERT INTO set_item (key, value, score) VALUES ($key, $value, $score)
        ON CONFLICT (key, value) DO UPDATE SET score = excluded.score
        """;

    public const string RemoveFromSet = "DELETE FROM set_item WHERE key = $key AND value = $value";
    public const string RemoveSet = "DELETE FROM set_item WHERE key = $key";
    public const string GetSet = "SELECT value FROM set_item WHERE key = $key";
    public const string CountSet = "SELECT count(*) FROM set_item WHERE key = $key";
    public const string CountSetUpTo = "SELECT count(*) FROM (SELECT 1 FROM set_item WHERE key = $key LIMIT $limit)";
    public const string SetContains = "SELECT 1 FROM set_item WHERE key = $key AND value = $value";

    public const string LowestOfSet =
        """
        SELECT value FROM set_item WHERE key = $key AND score BETWEEN $from AND $to
        ORDER BY score, value LIMIT $count
        """;

    public const string RangeOfSet =
        "SELECT value FROM set_item WHERE key = $key ORDER BY score, value LIMIT $count OFFSET $from";

    public const string NextDue = "SELECT score FROM set_item WHERE key = 'schedule' AND score >= 0 ORDER BY score LIMIT 1";

    // Hashes

    public const string SetField =
        """
        INSERT INTO hash_field (key, field, value) VALUES ($key, $field, $value)
        ON CONFLICT (key, field) DO UPDATE SET value = excluded.value
        """;

    public const string RemoveHash = "DELETE FROM hash_field WHERE key = $key";
    public const string GetHash = "SELECT field, value FROM hash_field WHERE key = $key";
    public const string GetField = "SELECT value FROM hash_field WHERE key = $key AND field = $field";
    public const string CountHash = "SELECT count(*) FROM hash_field WHERE key = $key";

    // Lists: the newest item is the first

    public const string InsertToList = "INSERT INTO list_item (key, value) VALUES ($key, $value)";
    public const string RemoveFromList = "DELETE FROM list_item WHERE key = $key AND value = $value";
    public const string RemoveList = "DELETE FROM list_item WHERE key = $key";
    public const string CountList = "SELECT count(*) FROM list_item WHERE key = $key";

    public const string TrimList =
        """
        DELETE FROM list_item WHERE key = $key AND id NOT IN
            (SELECT id FROM list_item WHERE key = $key ORDER BY id DESC LIMIT $count OFFSET $from)
        """;

    public const string RangeOfList =
        "SELECT value FROM list_item WHERE key = $key ORDER BY id DESC LIMIT $count OFFSET $from";

    // Expiration of whole sets, hashes and lists; one that is not there, or became empty, has none

    public const string ExpireSet =
        """
        INSERT INTO key_expiration (kind, key, expire_at)
        SELECT 'set', $key, $expireAt WHERE EXISTS (SELECT 1 FROM set_item WHERE key = $key)
        ON CONFLICT (kind, key) DO UPDATE SET expire_at = excluded.expire_at
        """;

    public const string ExpireHash =
        """
        INSERT INTO key_expiration (kind, key, expire_at)
        SELECT 'hash', $key, $expireAt WHERE EXISTS (SELECT 1 FROM hash_field WHERE key = $key)
        ON CONFLICT (kind, key) DO UPDATE SET expire_at = excluded.expire_at
        """;

    public const string ExpireList =
        """
        INSERT INTO key_expiration (kind, key, expire_at)
        SELECT 'list', $key, $expireAt WHERE EXISTS (SELECT 1 FROM list_item WHERE key = $key)
        ON CONFLICT (kind, key) DO UPDATE SET expire_at = excluded.expire_at
        """;

    public const string Persist = "DELETE FROM key_expiration WHERE kind = $kind AND key = $key";

    public const string PersistEmptySet =
        """
        DELETE FROM key_expiration
        WHERE kind = 'set' AND key = $key AND NOT EXISTS (SELECT 1 FROM set_item WHERE key = $key)
        """;

    public const string PersistEmptyList =
        """
        DELETE FROM key_expiration
        WHERE kind = 'list' AND key = $key AND NOT EXISTS (SELECT 1 FROM list_item WHERE key = $key)
        """;

    public const string GetExpiration = "SELECT expire_at FROM key_expiration WHERE kind = $kind AND key = $key";

    // Removal of what expired, a bounded number at a time

    public const string ExpiredJobs =
        "SELECT id FROM job WHERE expire_at IS NOT NULL AND expire_at <= $now ORDER BY expire_at LIMIT $limit";

    public const string ExpiredKeys =
        "SELECT kind, key FROM key_expiration WHERE expire_at <= $now ORDER BY expire_at LIMIT $limit";

    public const string RemoveExpiredCounters =
        """
        DELETE FROM counter WHERE key IN
            (SELECT key FROM counter WHERE expire_at IS NOT NULL AND expire_at <= $now LIMIT $limit)
        """;

    public const string FreePages = "PRAGMA freelist_count";
    public const string PageSize = "PRAGMA page_size";
    public const string VacuumSome = "PRAGMA incremental_vacuum(500)";

    // Servers

    public const string AnnounceServer =
        """
        INSERT INTO server (id, worker_count, queues, started_at, heartbeat_at)
        VALUES ($id, $workerCount, $queues, $now, $now)
        ON CONFLICT (id) DO UPDATE SET
            worker_count = excluded.worker_count, queues = excluded.queues, heartbeat_at = excluded.heartbeat_at
        """;

    public const string RemoveServer = "DELETE FROM server WHERE id = $id";
    public const string HeartbeatOfServer = "UPDATE server SET heartbeat_at = $now WHERE id = $id";
    public const string RemoveSilentServers = "DELETE FROM server WHERE heartbeat_at < $before";
}

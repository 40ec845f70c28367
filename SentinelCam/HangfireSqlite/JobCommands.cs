using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>Changes of a job that take more than one statement.</summary>
internal static class JobCommands
{
    public static void SetParameter(SqlSession session, long jobId, string name, string? value)
    {
        if (session.Scalar<long>(Sql.JobExists, jobId) == 0) return;

        var parameters = StoredValues.ToDictionary(session.Scalar<string>(Sql.GetParameters, jobId));
        parameters[name] = value;
        session.Execute(Sql.SetParameters, StoredValues.ToJson(parameters), jobId);
    }

    public static void AddState(
        SqlSession session, long jobId, bool isCurrent, string name, string? reason, long now, string? data) =>
        session.Execute(Sql.InsertState, jobId, isCurrent ? 1 : 0, name, reason, now, data);

    public static void Delete(SqlSession session, long jobId)
    {
        session.Execute(Sql.DeleteStatesOfJob, jobId);
        session.Execute(Sql.DeleteJob, jobId);
    }
}

/// <summary>
/// The new state of a job and, since Hangfire sets both in one transaction, when it expires: one statement instead
/// of two, and for a job that is not in the file yet, instead of three.
/// </summary>
internal sealed class JobChange(long jobId, NewJob? newJob, string state, string? reason, string? data, long now)
{
    private bool _hasExpiration;
    private long? _expireAt;

    public void Expire(long? at)
    {
        _hasExpiration = true;
        _expireAt = at;
    }

    /// <returns>Null unless it changes nothing but the state of the job that was found so.</returns>
    public BegunJob? AsBegun(FoundState found) =>
        newJob is null && _expireAt is null && found.JobId == jobId ? new BegunJob(found, state, reason, data, now) : null;

    public void Apply(SqlSession session)
    {
        if (newJob is not null)
            newJob.Insert(session, _hasExpiration ? _expireAt : newJob.ExpireAt, state, now);
        else if (UpdateJob(session) == 0)
            return;

        JobCommands.AddState(session, jobId, isCurrent: true, state, reason, now, data);
    }

    private int UpdateJob(SqlSession session) => _hasExpiration
        ? session.Execute(Sql.SetStateAndExpiration, state, now, _expireAt, jobId)
        : session.Execute(Sql.SetState, state, now, jobId);
}

/// <summary>Hands out ids of jobs from blocks that are reserved in the file, so that no id is ever used twice.</summary>
internal sealed class JobIds(JobDatabase database)
{
    private const int LargestBlock = 1024;

    private readonly object _gate = new();
    private long _next;
    private long _end;
    private int _block = 8;
    private int _file;

    /// <exception cref="SqliteJobStorageException">The file cannot be used.</exception>
    public long Next()
    {
        lock (_gate)
        {
            // Asked for before the file is written, which may be another one afterwards
            var file = database.Generation;
            if (_next == _end || _file != file)
            {
                _next = database.Write(session => session.Scalar<long>(Sql.ReserveIds, _block));
                _end = _next + _block;
                _file = file;
                _block = Math.Min(_block * 2, LargestBlock);
            }

            return _next++;
        }
    }
}

/// <summary>Adds jobs to queues, and each queue once to the list of those the dashboard shows.</summary>
internal sealed class KnownQueues(JobDatabase database)
{
    private readonly HashSet<(string Name, int File)> _inFile = [];

    public void Add(SqlSession session, string queue, long jobId)
    {
        bool isKnown;
        lock (_inFile) isKnown = _inFile.Contains((queue, database.Generation));

        if (!isKnown) session.Execute(Sql.AddQueue, queue);
        session.Execute(Sql.AddToQueue, queue, jobId);
    }

    /// <summary>The queue is in the file that was open when its transaction began.</summary>
    public void Remember(string queue, int file)
    {
        lock (_inFile) _inFile.Add((queue, file));
    }
}

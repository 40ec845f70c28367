using Hangfire.Storage;
using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>A job as it is first written.</summary>
internal sealed record NewJob(
    long Id, InvocationData Data, string Parameters, long CreatedAt, long ExpireAt)
{
    public void Insert(SqlSession session) => session.Execute(
        Sql.InsertJob, Id, Data.Type, Data.Method, Data.ParameterTypes, Data.Arguments, Data.Queue,
        Parameters, CreatedAt, ExpireAt);
}

/// <summary>Changes of a job that take more than one statement.</summary>
internal static class JobCommands
{
    public static void SetParameter(SqlSession session, long jobId, string name, string? value)
    {
        if (session.Scalar<string>(Sql.GetParameters, jobId) is not { } json) return;

        var parameters = StoredValues.ToDictionary(json);
        parameters[name] = value;
        session.Execute(Sql.SetParameters, StoredValues.ToJson(parameters), jobId);
    }

    public static void Delete(SqlSession session, long jobId)
    {
        session.Execute(Sql.DeleteStatesOfJob, jobId);
        session.Execute(Sql.DeleteJob, jobId);
    }
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
            if (_next == _end || _file != database.Generation)
            {
                _next = database.Write(session => session.Scalar<long>(Sql.ReserveIds, _block));
                _end = _next + _block;
                _file = database.Generation;
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

    /// <summary>The queue is in the file.</summary>
    public void Remember(string queue)
    {
        lock (_inFile) _inFile.Add((queue, database.Generation));
    }
}

using System.Collections.Concurrent;
using System.Text.Json;
using Hangfire.Common;
using Hangfire.Server;
using Hangfire.Storage;
using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>What one user of the storage reads and writes: jobs, locks and servers.</summary>
internal sealed partial class SqliteStorageConnection(SqliteJobStorage storage) : JobStorageConnection
{
    private readonly HashSet<HeldLock> _locks = [];

    // Created here and perhaps not yet written
    private readonly ConcurrentQueue<NewJob> _newJobs = [];

    public SqliteJobStorage Storage => storage;

    /// <summary>The state of the job that was read last here, if nobody else can change it and the job does not expire.</summary>
    public FoundState? Found { get; set; }

    public override IWriteOnlyTransaction CreateWriteTransaction() => new SqliteWriteTransaction(this);

    public override IDisposable AcquireDistributedLock(string resource, TimeSpan timeout)
    {
        ArgumentNullException.ThrowIfNull(resource);

        var locks = storage.Database.Locks;
        if (!locks.TryAcquire(this, resource, timeout)) throw new DistributedLockTimeoutException(resource);

        var held = new HeldLock(this, locks, resource);
        lock (_locks) _locks.Add(held);
        return held;
    }

    /// <summary>Writes the jobs that got no state, and lets go of the locks that were not given back.</summary>
    public override void Dispose()
    {
        foreach (var job in _newJobs) storage.NewJobs.WriteLast(job);
        _newJobs.Clear();

        HeldLock[] forgotten;
        lock (_locks) forgotten = [.. _locks];
        foreach (var held in forgotten) held.Dispose();
        base.Dispose();
    }

    public override string CreateExpiredJob(
        Job job, IDictionary<string, string?> parameters, DateTime createdAt, TimeSpan expireIn)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(parameters);

        var row = NewJob(job, parameters, createdAt, expireIn);
        storage.NewJobs.Add(row);
        while (_newJobs.TryPeek(out var first) && storage.NewJobs.Find(first.Id) is null) _newJobs.TryDequeue(out _);
        _newJobs.Enqueue(row);
        return StoredValues.ToText(row.Id);
    }

    public NewJob NewJob(Job job, IDictionary<string, string?> parameters, DateTime createdAt, TimeSpan expireIn) =>
        new(
            storage.Ids.Next(), InvocationData.SerializeJob(job), StoredValues.ToJson(parameters),
            createdAt.ToStored(), (createdAt + expireIn).ToStored());

    public override IFetchedJob FetchNextJob(string[] queues, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(queues);
        if (queues.Length == 0) throw new ArgumentException("At least one queue is needed.", nameof(queues));
        return storage.Fetcher.Fetch(queues, cancellationToken);
    }

    public override void SetJobParameter(string id, string name, string? value)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(name);
        if (StoredValues.TryParseJobId(id, out var jobId))
        {
            storage.NewJobs.WriteAll();
            storage.Database.Write(session => JobCommands.SetParameter(session, jobId, name, value));
        }
    }

    public override string? GetJobParameter(string id, string name)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(name);
        if (!StoredValues.TryParseJobId(id, out var jobId)) return null;

        var json = storage.Read(session => session.Scalar<string>(Sql.GetParameters, jobId));
        return StoredValues.ToDictionary(json).GetValueOrDefault(name);
    }

    public override JobData? GetJobData(string jobId)
    {
        ArgumentNullException.ThrowIfNull(jobId);
        if (!StoredValues.TryParseJobId(jobId, out var id)) return null;

        // Looked for first: what is written meanwhile is seen in the file
        var begun = storage.BegunJobs.Find(id);
        var (data, stateAt, expires) = storage.Read(session => session.First(Sql.GetJob, ReadJob, id));
        Found = null;
        if (data is null) return null;

        if (begun?.Follows(data.State, stateAt) is true) data.State = begun.State;
        else if (stateAt is { } at && !expires && Holds($"job:{jobId}:state-lock")) Found = new FoundState(id, data.State, at);

        data.Job = StoredValues.TryLoad(data.InvocationData, out var reason);
        data.LoadException = reason;
        return data;
    }

    public override StateData? GetStateData(string jobId)
    {
        ArgumentNullException.ThrowIfNull(jobId);
        if (!StoredValues.TryParseJobId(jobId, out var id)) return null;

        var begun = storage.BegunJobs.Find(id);
        var (state, at) = storage.Read(session => session.First(Sql.GetState, ReadState, id));
        return begun?.Follows(state?.Name, at) is true ? ToStateData(begun.State, begun.Reason, begun.Data) : state;
    }

    public override void AnnounceServer(string serverId, ServerContext context)
    {
        ArgumentNullException.ThrowIfNull(serverId);
        ArgumentNullException.ThrowIfNull(context);

        var queues = JsonSerializer.Serialize(context.Queues ?? []);
        var now = storage.UtcNow.ToStored();
        storage.Database.Write(session =>
        {
            session.Execute(Sql.AnnounceServer, serverId, context.WorkerCount, queues, now);
        });
    }

    public override void RemoveServer(string serverId)
    {
        ArgumentNullException.ThrowIfNull(serverId);
        storage.Database.Write(session => { session.Execute(Sql.RemoveServer, serverId); });
    }

    /// <exception cref="BackgroundServerGoneException">The server is not, or no longer, announced.</exception>
    public override void Heartbeat(string serverId)
    {
        ArgumentNullException.ThrowIfNull(serverId);
        var now = storage.UtcNow.ToStored();
        if (storage.Database.Write(session => session.Execute(Sql.HeartbeatOfServer, now, serverId)) == 0)
            throw new BackgroundServerGoneException();
    }

    public override int RemoveTimedOutServers(TimeSpan timeOut)
    {
        if (timeOut <= TimeSpan.Zero) throw new ArgumentException("The time-out must be positive.", nameof(timeOut));
        var before = (storage.UtcNow - timeOut).ToStored();
        return storage.Database.Write(session => session.Execute(Sql.RemoveSilentServers, before));
    }

    public override DateTime GetUtcDateTime() => storage.UtcNow.UtcDateTime;

    private static (JobData Data, long? StateAt, bool Expires) ReadJob(Row row) => (
        new JobData
        {
            InvocationData = row.InvocationData(0),
            ParametersSnapshot = StoredValues.ToDictionary(row.NullableText(5)),
            CreatedAt = StoredValues.ToUtc(row.Integer(6)),
            State = row.NullableText(7),
        },
        row.NullableInteger(8),
        !row.IsNull(9));

    private static (StateData? State, long At) ReadState(Row row) =>
        (ToStateData(row.Text(0), row.NullableText(1), row.NullableText(2)), row.Integer(3));

    private static StateData ToStateData(string name, string? reason, string? data) =>
        new() { Name = name, Reason = reason, Data = StoredValues.ToDictionary(data) };

    private bool Holds(string resource)
    {
        lock (_locks) return _locks.Any(held => held.Resource == resource);
    }

    private sealed class HeldLock(SqliteStorageConnection owner, FileLocks locks, string resource) : IDisposable
    {
        private int _released;

        public string Resource => resource;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) != 0) return;
            lock (owner._locks) owner._locks.Remove(this);
            owner.Found = null;
            locks.Release(owner, resource);
        }
    }
}

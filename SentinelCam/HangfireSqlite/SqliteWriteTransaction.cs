using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;
using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>Collects commands and applies them all or none, in one SQLite transaction.</summary>
internal sealed partial class SqliteWriteTransaction(SqliteStorageConnection connection) : JobStorageTransaction
{
    private const string Schedule = "schedule";

    private readonly List<Action<SqlSession>> _commands = [];
    private readonly List<string> _enqueued = [];
    private readonly List<SqliteFetchedJob> _acknowledged = [];
    private readonly List<SqliteFetchedJob> _next = [];
    private readonly List<IDisposable> _locks = [];
    private readonly List<NewJob> _newJobs = [];
    private readonly List<BegunJob> _begunJobs = [];
    private readonly Dictionary<long, JobChange> _changes = [];
    private JobChange? _beginning;
    private Dictionary<string, double>? _dueTimes;
    private bool _scheduled;
    private int _file;

    public override void Commit()
    {
        if (AsBegun() is { } begun)
        {
            connection.Storage.BegunJobs.Add(begun);
            return;
        }

        connection.Found = null;
        _file = connection.Storage.Database.Generation;
        try
        {
            connection.Storage.Database.Write(Apply, NotifyCommitted);
        }
        finally
        {
            ReleaseLocks();
        }
    }

    public override void Dispose()
    {
        ReleaseLocks();
        base.Dispose();
    }

    public override void AcquireDistributedLock(string resource, TimeSpan timeout) =>
        _locks.Add(connection.AcquireDistributedLock(resource, timeout));

    public override string CreateJob(
        Job job, IDictionary<string, string?> parameters, DateTime createdAt, TimeSpan expireIn)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(parameters);

        var row = connection.NewJob(job, parameters, createdAt, expireIn);
        _commands.Add(row.Insert);
        return StoredValues.ToText(row.Id);
    }

    public override void SetJobParameter(string jobId, string name, string? value)
    {
        ArgumentNullException.ThrowIfNull(jobId);
        ArgumentNullException.ThrowIfNull(name);
        AddJobCommand(jobId, (session, id) => JobCommands.SetParameter(session, id, name, value));
    }

    public override void ExpireJob(string jobId, TimeSpan expireIn)
    {
        ArgumentNullException.ThrowIfNull(jobId);
        if (expireIn <= TimeSpan.Zero)
        {
            AddJobCommand(jobId, JobCommands.Delete);
            return;
        }

        SetExpiration(jobId, In(expireIn));
    }

    public override void PersistJob(string jobId)
    {
        ArgumentNullException.ThrowIfNull(jobId);
        SetExpiration(jobId, null);
    }

    public override void SetJobState(string jobId, IState state)
    {
        var (name, reason, data) = Describe(jobId, state);
        if (!StoredValues.TryParseJobId(jobId, out var id)) return;

        if (state is ScheduledState scheduled)
        {
            // Hangfire's score has whole seconds; the state knows the moment
            var due = scheduled.EnqueueAt.ToStored() / (double)TimeSpan.TicksPerSecond;
            (_dueTimes ??= [])[jobId] = due;
        }

        // Where a command has already written the new job, its state comes after what that command added
        var newJob = _changes.ContainsKey(id) || _newJobs.Exists(job => job.Id == id) ? null : connection.Storage.NewJobs.Find(id);
        var change = new JobChange(id, newJob, name, reason, data, Now());
        _changes[id] = change;

        WriteBegun(id);
        if (newJob is not null) WriteFirst(newJob, change.Apply);
        else _commands.Add(change.Apply);

        _beginning = state is ProcessingState ? change : null;
    }

    public override void AddJobState(string jobId, IState state)
    {
        var (name, reason, data) = Describe(jobId, state);
        var now = Now();
        AddJobCommand(jobId, (session, id) =>
        {
            if (session.Scalar<long>(Sql.JobExists, id) == 1)
                JobCommands.AddState(session, id, isCurrent: false, name, reason, now, data);
        });
    }

    public override void AddToQueue(string queue, string jobId)
    {
        ArgumentNullException.ThrowIfNull(queue);
        ArgumentNullException.ThrowIfNull(jobId);
        AddJobCommand(jobId, (session, id) => connection.Storage.KnownQueues.Add(session, queue, id));
        if (StoredValues.TryParseJobId(jobId, out _)) _enqueued.Add(queue);
    }

    public override void RemoveFromQueue(IFetchedJob fetchedJob)
    {
        ArgumentNullException.ThrowIfNull(fetchedJob);
        if (fetchedJob is not SqliteFetchedJob job)
            throw new ArgumentException("The job was fetched from another storage.", nameof(fetchedJob));

        _commands.Add(job.RemoveFromQueue);
        _acknowledged.Add(job);
    }

    private void Apply(SqlSession session)
    {
        foreach (var command in _commands) command(session);

        // Once more when a transaction that was shared has failed
        _next.Clear();
        foreach (var job in _acknowledged)
        {
            if (connection.Storage.Fetcher.TakeNext(session, job, Now()) is { } next) _next.Add(next);
        }
    }

    private void NotifyCommitted()
    {
        foreach (var job in _newJobs) connection.Storage.NewJobs.Remove(job);
        foreach (var job in _begunJobs) connection.Storage.BegunJobs.Remove(job);
        foreach (var job in _next) connection.Storage.Fetcher.Keep(job);
        foreach (var job in _acknowledged) job.MarkFinished();
        foreach (var queue in _enqueued)
        {
            connection.Storage.KnownQueues.Remember(queue, _file);
            connection.Storage.Signals.Signal(queue, 1);
        }

        if (_scheduled) connection.Storage.ScheduleChanged.Set();
    }

    // Asked at once: a state may be anybody's code, which has no place in the middle of a commit
    private static (string Name, string? Reason, string? Data) Describe(string jobId, IState state)
    {
        ArgumentNullException.ThrowIfNull(jobId);
        ArgumentNullException.ThrowIfNull(state);
        if (state.Name is null) throw new ArgumentException("A state needs a name.", nameof(state));
        return (state.Name, state.Reason, StoredValues.ToJson(state.SerializeData()));
    }

    private void SetExpiration(string jobId, long? expireAt)
    {
        if (!StoredValues.TryParseJobId(jobId, out var id)) return;

        if (_changes.TryGetValue(id, out var change)) change.Expire(expireAt);
        else AddJobCommand(jobId, (session, job) => session.Execute(Sql.ExpireJob, expireAt, job));
    }

    private void AddJobCommand(string jobId, Action<SqlSession, long> command)
    {
        if (!StoredValues.TryParseJobId(jobId, out var id)) return;
        if (!_changes.ContainsKey(id) && connection.Storage.NewJobs.Find(id) is { } newJob)
            WriteFirst(newJob, newJob.Insert);
        WriteBegun(id);
        _commands.Add(session => command(session, id));
    }

    // The other commands need its row, whatever their order. To write it twice does no harm.
    private void WriteFirst(NewJob job, Action<SqlSession> write)
    {
        _newJobs.Add(job);
        _commands.Insert(0, write);
    }

    private void WriteBegun(long id)
    {
        if (connection.Storage.BegunJobs.Find(id) is not { } job || _begunJobs.Contains(job)) return;
        _begunJobs.Add(job);
        _commands.Add(job.Write);
    }

    // A worker begins with a job, and nothing else: it need not wait for that
    private BegunJob? AsBegun() =>
        _commands.Count == 1 && _locks.Count == 0 && connection.Found is { } found ? _beginning?.AsBegun(found) : null;

    private void ReleaseLocks()
    {
        foreach (var held in _locks) held.Dispose();
        _locks.Clear();
    }

    private long Now() => connection.Storage.UtcNow.ToStored();

    private long In(TimeSpan time) => (connection.Storage.UtcNow + time).ToStored();
}

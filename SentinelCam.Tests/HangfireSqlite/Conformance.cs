using Hangfire;
using Hangfire.Common;
using Hangfire.InMemory;
using Hangfire.States;
using Hangfire.Storage;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>What is true of any Hangfire storage: the same facts for ours and for Hangfire.InMemory.</summary>
public abstract partial class Conformance : IDisposable
{
    private readonly Lazy<JobStorageConnection> _connection;

    protected Conformance() => _connection = new(() => (JobStorageConnection)Storage.GetConnection());

    protected abstract JobStorage Storage { get; }

    protected JobStorageConnection Connection => _connection.Value;

    protected JobStorageMonitor Monitor => (JobStorageMonitor)Storage.GetMonitoringApi();

    public void Dispose()
    {
        if (_connection.IsValueCreated) _connection.Value.Dispose();
        Close();
        GC.SuppressFinalize(this);
    }

    protected abstract void Close();

    protected void Commit(params Action<JobStorageTransaction>[] commands)
    {
        using var transaction = (JobStorageTransaction)Connection.CreateWriteTransaction();
        foreach (var command in commands) command(transaction);
        transaction.Commit();
    }

    protected string CreateJob(params (string Name, string Value)[] parameters) => Connection.CreateExpiredJob(
        Job.FromExpression(() => Signals.Send("name", "message")),
        parameters.ToDictionary(p => p.Name, p => p.Value), DateTime.UtcNow, TimeSpan.FromHours(1));

    protected string EnqueueJob(string queue = "default")
    {
        var id = CreateJob();
        Commit(t => t.SetJobState(id, new EnqueuedState(queue)), t => t.PersistJob(id), t => t.AddToQueue(queue, id));
        return id;
    }

    protected IFetchedJob Fetch(params string[] queues)
    {
        using var patience = new CancellationTokenSource(Signals.Patience);
        return Connection.FetchNextJob(queues, patience.Token);
    }
}

/// <summary>The facts, on SQLite.</summary>
public sealed class SqliteConformanceTests : Conformance
{
    private readonly TemporaryStorage _temporary = new();

    protected override JobStorage Storage => _temporary.Storage;

    protected override void Close() => _temporary.Dispose();
}

/// <summary>The same facts, on the storage that Hangfire's makers keep as the reference.</summary>
public sealed class InMemoryConformanceTests : Conformance
{
    private readonly InMemoryStorage _storage = new();

    protected override JobStorage Storage => _storage;

    protected override void Close() => _storage.Dispose();
}

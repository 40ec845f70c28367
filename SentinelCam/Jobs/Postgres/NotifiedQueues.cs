using System.Data;
using Hangfire.PostgreSql;
using Hangfire.Storage;
using SentinelCam.Data;

namespace SentinelCam.Jobs;

/// <summary>
/// The queues of Hangfire.PostgreSql with a signal: a new job on any node wakes a worker at once. The
/// package's own listening takes a connection for each worker. Polling remains as a fallback.
/// </summary>
internal sealed class NotifiedQueues(PostgreSqlStorage storage, PostgreSqlStorageOptions options, WaitingWorkers workers)
    : IPersistentJobQueueProvider
{
    private readonly PostgreSqlJobQueueProvider _stored = new(storage, options);

    /// <inheritdoc />
    public IPersistentJobQueue GetJobQueue() => new Queue(_stored.GetJobQueue(), workers);

    /// <inheritdoc />
    public IPersistentJobQueueMonitoringApi GetJobQueueMonitoringApi() => new Monitoring(_stored.GetJobQueueMonitoringApi());

    private sealed class Queue(IPersistentJobQueue stored, WaitingWorkers workers) : IPersistentJobQueue
    {
        /// <summary>Between looks while the database is gone.</summary>
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

        public void Enqueue(IDbConnection connection, string queue, string jobId) => stored.Enqueue(connection, queue, jobId);

        /// <summary>Takes a job, or waits for one, also while the database is gone. Hangfire would wait for minutes.</summary>
        public IFetchedJob Dequeue(string[] queues, CancellationToken cancellationToken)
        {
            while (true)
            {
                try
                {
                    return workers.Take(queues, stored.Dequeue, cancellationToken);
                }
                catch (Exception error) when (DatabaseProblem.Of(error) is not null)
                {
                    // The start of due work logs the problem
                    cancellationToken.WaitHandle.WaitOne(Pause);
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
        }
    }

    private sealed class Monitoring(IPersistentJobQueueMonitoringApi stored) : IPersistentJobQueueMonitoringApi
    {
        /// <summary>None: the storage's default provider, which cannot be removed, already lists all queues.</summary>
        public IEnumerable<string> GetQueues() => [];

        public IEnumerable<long> GetEnqueuedJobIds(string queue, int from, int perPage) =>
            stored.GetEnqueuedJobIds(queue, from, perPage);

        public IEnumerable<long> GetFetchedJobIds(string queue, int from, int perPage) =>
            stored.GetFetchedJobIds(queue, from, perPage);

        public EnqueuedAndFetchedCountDto GetEnqueuedAndFetchedCount(string queue) => stored.GetEnqueuedAndFetchedCount(queue);
    }
}

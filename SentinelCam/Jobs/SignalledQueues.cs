using Hangfire.Storage;
using Hangfire.Storage.SQLite;

namespace SentinelCam.Jobs;

/// <summary>
/// The queues of Hangfire.Storage.SQLite with a signal: the package only polls, and here a new job wakes a worker at once.
/// Polling remains as a fallback, for jobs that a worker returned to their queue.
/// </summary>
/// <param name="options">The storage's own options.</param>
internal sealed class SignalledQueues(SQLiteStorageOptions options) : IPersistentJobQueueProvider
{
    private readonly WaitingWorkers _workers = new();

    /// <inheritdoc />
    public IPersistentJobQueue GetJobQueue(HangfireDbContext connection) =>
        new Queue(new SQLiteJobQueue(connection, options), _workers);

    /// <inheritdoc />
    public IPersistentJobQueueMonitoringApi GetJobQueueMonitoringApi(HangfireDbContext connection) =>
        new Monitoring(new SQLiteJobQueueMonitoringApi(connection));

    private sealed class Queue(SQLiteJobQueue stored, WaitingWorkers workers) : IPersistentJobQueue
    {
        public void Enqueue(string queue, string jobId)
        {
            stored.Enqueue(queue, jobId);
            workers.WakeOne(queue);
        }

        /// <summary>Takes the first job of the first queue that has one, or waits for one.</summary>
        public IFetchedJob Dequeue(string[] queues, CancellationToken cancellationToken) =>
            workers.Take(queues, stored.Dequeue, cancellationToken);
    }

    private sealed class Monitoring(SQLiteJobQueueMonitoringApi stored) : IPersistentJobQueueMonitoringApi
    {
        /// <summary>None: the storage's default provider, which cannot be removed, already lists all queues.</summary>
        public IEnumerable<string> GetQueues() => [];

        public IEnumerable<int> GetEnqueuedJobIds(string queue, int from, int perPage) =>
            stored.GetEnqueuedJobIds(queue, from, perPage);

        public IEnumerable<int> GetFetchedJobIds(string queue, int from, int perPage) =>
            stored.GetFetchedJobIds(queue, from, perPage);

        public EnqueuedAndFetchedCountDto GetEnqueuedAndFetchedCount(string queue) => stored.GetEnqueuedAndFetchedCount(queue);
    }
}

using Hangfire;

namespace SentinelCam.Jobs;

/// <summary>The jobs that an earlier process or another node enqueued, so that their work is not enqueued again.</summary>
internal sealed class JobsInQueues(JobStorage storage)
{
    /// <summary>More than <see cref="WorkStarter"/> enqueues for a queue at a time.</summary>
    private const int MaxPerQueue = 200;

    private readonly Dictionary<(string Queue, long Id), string> _jobs = [];

    /// <summary>Reads the jobs that wait. Those that run may be of a node that is dead.</summary>
    public void Read()
    {
        Clear();
        var monitoring = storage.GetMonitoringApi();
        foreach (var queue in monitoring.Queues().Select(queue => queue.Name))
        {
            foreach (var (jobId, job) in monitoring.EnqueuedJobs(queue, 0, MaxPerQueue))
                if (job is { State: "Enqueued", Job.Args: [long id, ..] })
                    _jobs[(queue, id)] = jobId;
        }
    }

    /// <returns>The id of the job for this work, which is no longer remembered; null if there is none.</returns>
    public string? Take((string Queue, long Id) work) => _jobs.Remove(work, out var jobId) ? jobId : null;

    public void Clear() => _jobs.Clear();
}

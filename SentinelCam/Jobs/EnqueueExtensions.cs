using System.Linq.Expressions;
using Hangfire;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;

namespace SentinelCam.Jobs;

public static class EnqueueExtensions
{
    /// <summary>
    /// Enqueues a job for work that is already durable. Where the job storage fails, the work is left to
    /// <see cref="ForgottenWorkSweep"/>, and the visitor notices nothing.
    /// </summary>
    public static void EnqueueOrLeaveToSweep<TJob>(this IBackgroundJobClient jobs, string queue, Expression<Func<TJob, Task>> call, ILogger logger)
    {
        try
        {
            jobs.Enqueue(queue, call);
        }
        catch (BackgroundJobClientException error)
        {
            logger.LogError("A {Job} could not be enqueued, and is left to the sweep: {Problem}",
                typeof(TJob).Name, (error.InnerException ?? error).Message);
        }
    }

    /// <summary>Enqueues the mails of deliveries that are durable.</summary>
    public static void EnqueueMails(this IBackgroundJobClient jobs, IEnumerable<Delivery> deliveries, ILogger logger)
    {
        foreach (var delivery in deliveries)
            jobs.EnqueueOrLeaveToSweep<SendAlertJob>(JobQueues.Mails, job => job.RunAsync(delivery.Id, CancellationToken.None), logger);
    }

    /// <summary>Enqueues the picture of an attempt that is durable, if it is to have one; beside the answer, whose time must not tell whether it is.</summary>
    public static void EnqueueCapture(this IBackgroundJobClient jobs, RecordedAttempt? recorded, ILogger logger)
    {
        if (recorded is { IsCaptured: true } attempt)
            _ = Task.Run(() => jobs.EnqueueOrLeaveToSweep<CaptureSnapshotJob>(
                CaptureSnapshotJob.QueueFor(attempt.Trigger, attempt.OpensAlert), job => job.RunAsync(attempt.EntryId, CancellationToken.None), logger));
    }
}

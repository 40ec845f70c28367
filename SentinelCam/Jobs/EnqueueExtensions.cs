using System.Linq.Expressions;
using Hangfire;

namespace SentinelCam.Jobs;

public static class EnqueueExtensions
{
    /// <summary>
    /// Enqueues a job for work that is already durable. Where the job storage fails, the work is left to
    /// <see cref="LoginAttempts.ForgottenWorkSweep"/>, and the visitor notices nothing.
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
}

using System.Diagnostics.Metrics;
using Hangfire.Common;
using Hangfire.Server;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Mail;

namespace SentinelCam.Jobs;

/// <summary>Counts what jobs do, and times captures and mails.</summary>
public sealed class JobMetrics : IServerFilter
{
    private readonly Histogram<double> _captures;
    private readonly Counter<long> _tries;
    private readonly Counter<long> _deliveries;
    private readonly Histogram<double> _deliveryAge;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _found;

    public JobMetrics(IMeterFactory meters)
    {
        var meter = meters.SentinelCamMeter();
        _captures = meter.CreateHistogram("sentinelcam.capture.duration", "s", "How long captures took, by result", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.5, 1, 2, 3, 5, 10, 15] });
        _tries = meter.CreateCounter<long>("sentinelcam.mail.tries", "{try}", "Tries to send a mail, by result");
        _deliveries = meter.CreateCounter<long>(
            "sentinelcam.deliveries.ended", "{mail}", "Mails that were accepted, or failed for good");
        _deliveryAge = meter.CreateHistogram(
            "sentinelcam.delivery.time", "s", "From the queueing of a mail until it was accepted or failed, by state", tags: null,
            new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 86400, 432000],
            });
        _failures = meter.CreateCounter<long>(
            "sentinelcam.job.failures", "{run}", "Runs of jobs that ended with an error, also if they are tried again");
        _found = meter.CreateCounter<long>(
            "sentinelcam.sweep.found", "{thing}", "What sweeps found: old and surplus pictures, orphaned files, lost jobs");
    }

    /// <param name="result">How the capture ended.</param>
    /// <param name="duration">How long it took.</param>
    public void Captured(CaptureResult result, TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(result);
        _captures.Record(duration.TotalSeconds, new KeyValuePair<string, object?>(
            "result", result.Frame?.Quality.Label() ?? result.Outcome.Label()));
    }

    public void Tried(MailOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        _tries.Add(1, new KeyValuePair<string, object?>("result", outcome.Result.Label()));
    }

    /// <param name="state">The state of the delivery that ended.</param>
    /// <param name="age">How long ago it was queued.</param>
    public void Ended(DeliveryState state, TimeSpan age)
    {
        _deliveries.Add(1, new KeyValuePair<string, object?>("state", state.Label()));
        // A clock that was set back makes it negative
        _deliveryAge.Record(Math.Max(0, age.TotalSeconds), new KeyValuePair<string, object?>("state", state.Label()));
    }

    /// <param name="what">What was found; one of a few words.</param>
    /// <param name="count">How many.</param>
    public void Found(string what, int count = 1)
    {
        if (count > 0)
            _found.Add(count, new KeyValuePair<string, object?>("what", what));
    }

    void IServerFilter.OnPerforming(PerformingContext context)
    {
    }

    void IServerFilter.OnPerformed(PerformedContext context)
    {
        if (context.Exception is not null && !context.Canceled)
            _failures.Add(1, new KeyValuePair<string, object?>("job", context.BackgroundJob.Job.Type.Name));
    }

    /// <summary>
    /// This filter and the usual ones. Hangfire's global filters would be shared by all applications in a process.
    /// </summary>
    internal IJobFilterProvider Filters() =>
        new JobFilterProviderCollection(JobFilterProviders.Providers, new JobFilterCollection { this });
}

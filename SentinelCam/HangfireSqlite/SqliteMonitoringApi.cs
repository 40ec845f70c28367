using System.Globalization;
using System.Text.Json;
using Hangfire.States;
using Hangfire.Storage;
using Hangfire.Storage.Monitoring;
using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>What the dashboard shows: statistics, servers, queues and a job's details.</summary>
internal sealed partial class SqliteMonitoringApi(SqliteJobStorage storage) : JobStorageMonitor
{
    private const int FirstJobsOfQueue = 5;

    public override StatisticsDto GetStatistics() => Read(static session => new StatisticsDto
    {
        Enqueued = CountJobs(session, EnqueuedState.StateName),
        Scheduled = CountJobs(session, ScheduledState.StateName),
        Processing = CountJobs(session, ProcessingState.StateName),
        Failed = CountJobs(session, FailedState.StateName),
        Awaiting = CountJobs(session, AwaitingState.StateName),
        Succeeded = session.Scalar<long>(Sql.GetCounter, "stats:succeeded"),
        Deleted = session.Scalar<long>(Sql.GetCounter, "stats:deleted"),
        Recurring = session.Scalar<long>(Sql.CountSet, "recurring-jobs"),
        Retries = session.Scalar<long>(Sql.CountSet, "retries"),
        Queues = session.Scalar<long>(MonitoringSql.CountQueues),
        Servers = session.Scalar<long>(MonitoringSql.CountServers),
    });

    public override IList<ServerDto> Servers() => Read(static session => session.Query(
        MonitoringSql.Servers,
        static row => new ServerDto
        {
            Name = row.Text(0),
            WorkersCount = (int)row.Integer(1),
            Queues = JsonSerializer.Deserialize<string[]>(row.Text(2)),
            StartedAt = StoredValues.ToUtc(row.Integer(3)),
            Heartbeat = StoredValues.ToUtc(row.Integer(4)),
        }));

    public override IList<QueueWithTopEnqueuedJobsDto> Queues() =>
        Read(static session => session.Query(MonitoringSql.Queues, static row => row.Text(0)))
        .Select(queue => new QueueWithTopEnqueuedJobsDto
        {
            Name = queue,
            Length = EnqueuedCount(queue),
            Fetched = FetchedCount(queue),
            FirstJobs = EnqueuedJobs(queue, 0, FirstJobsOfQueue),
        })
        .ToList();

    public override JobDetailsDto? JobDetails(string jobId)
    {
        ArgumentNullException.ThrowIfNull(jobId);
        if (!StoredValues.TryParseJobId(jobId, out var id)) return null;

        var details = Read(session =>
        {
            var job = session.First(MonitoringSql.JobDetails, ReadDetails, id);
            if (job is not null) job.History = session.Query(MonitoringSql.History, ReadHistory, id);
            return job;
        });
        if (details is null) return null;

        details.Job = StoredValues.TryLoad(details.InvocationData, out var reason);
        details.LoadException = reason;
        return details;
    }

    public override long EnqueuedCount(string queue) => CountQueue(MonitoringSql.CountEnqueued, queue);

    public override long FetchedCount(string queue) => CountQueue(MonitoringSql.CountFetched, queue);

    public override long ScheduledCount() => CountJobs(ScheduledState.StateName);

    public override long FailedCount() => CountJobs(FailedState.StateName);

    public override long ProcessingCount() => CountJobs(ProcessingState.StateName);

    public override long SucceededListCount() => CountJobs(SucceededState.StateName);

    public override long DeletedListCount() => CountJobs(DeletedState.StateName);

    public override long AwaitingCount() => CountJobs(AwaitingState.StateName);

    public override IDictionary<DateTime, long> SucceededByDatesCount() => ByDay("succeeded");

    public override IDictionary<DateTime, long> FailedByDatesCount() => ByDay("failed");

    public override IDictionary<DateTime, long> DeletedByDatesCount() => ByDay("deleted");

    public override IDictionary<DateTime, long> HourlySucceededJobs() => ByHour("succeeded");

    public override IDictionary<DateTime, long> HourlyFailedJobs() => ByHour("failed");

    public override IDictionary<DateTime, long> HourlyDeletedJobs() => ByHour("deleted");

    // With the jobs that workers have just begun with
    private T Read<T>(Func<SqlSession, T> query)
    {
        storage.BegunJobs.WriteAll();
        return storage.Read(query);
    }

    private static JobDetailsDto ReadDetails(Row row) => new()
    {
        InvocationData = row.InvocationData(0),
        Properties = StoredValues.ToDictionary(row.NullableText(5)),
        CreatedAt = StoredValues.ToUtc(row.Integer(6)),
        ExpireAt = row.NullableInteger(7) is { } expireAt ? StoredValues.ToUtc(expireAt) : null,
    };

    private static StateHistoryDto ReadHistory(Row row) => new()
    {
        StateName = row.Text(0),
        Reason = row.NullableText(1),
        CreatedAt = StoredValues.ToUtc(row.Integer(2)),
        Data = StoredValues.ToDictionary(row.NullableText(3)),
    };

    private static long CountJobs(SqlSession session, string state) =>
        session.Scalar<long>(MonitoringSql.CountJobs, state);

    private long CountJobs(string state) => Read(session => CountJobs(session, state));

    private long CountQueue(string sql, string queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return Read(session => session.Scalar<long>(sql, queue));
    }

    // The last seven days and the last 24 hours; Hangfire counts under these keys
    private Dictionary<DateTime, long> ByDay(string kind) =>
        Timeline(Enumerable.Range(0, 7).Select(day => storage.UtcNow.UtcDateTime.Date.AddDays(-day)), kind, "yyyy-MM-dd");

    private Dictionary<DateTime, long> ByHour(string kind)
    {
        var now = storage.UtcNow.UtcDateTime;
        return Timeline(Enumerable.Range(0, 24).Select(hour => now.AddHours(-hour)), kind, "yyyy-MM-dd-HH");
    }

    private Dictionary<DateTime, long> Timeline(IEnumerable<DateTime> times, string kind, string format) =>
        Read(session => times.ToDictionary(
            static time => time,
            time => session.Scalar<long>(
                Sql.GetCounter, $"stats:{kind}:{time.ToString(format, CultureInfo.InvariantCulture)}")));
}

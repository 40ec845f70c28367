using System.Globalization;
using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;
using Hangfire.Storage.Monitoring;
using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>The dashboard's lists of jobs, one for each state.</summary>
internal sealed partial class SqliteMonitoringApi
{
    public override JobList<EnqueuedJobDto> EnqueuedJobs(string queue, int from, int perPage)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return List(MonitoringSql.EnqueuedJobs, queue, from, perPage, InQueue, row => new EnqueuedJobDto
        {
            Job = row.Job,
            LoadException = row.LoadException,
            InvocationData = row.Invocation,
            State = row.State,
            InEnqueuedState = row.Is(EnqueuedState.StateName),
            EnqueuedAt = row.Is(EnqueuedState.StateName) ? row.StateAt : null,
            StateData = row.Is(EnqueuedState.StateName) ? row.Data : null,
        });
    }

    public override JobList<FetchedJobDto> FetchedJobs(string queue, int from, int perPage)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return List(MonitoringSql.FetchedJobs, queue, from, perPage, InQueue, row => new FetchedJobDto
        {
            Job = row.Job,
            LoadException = row.LoadException,
            InvocationData = row.Invocation,
            State = row.State,
            FetchedAt = row.FetchedAt,
        });
    }

    public override JobList<ProcessingJobDto> ProcessingJobs(int from, int count) =>
        List(MonitoringSql.JobsOldestFirst, ProcessingState.StateName, from, count, InState, row => new ProcessingJobDto
        {
            Job = row.Job,
            LoadException = row.LoadException,
            InvocationData = row.Invocation,
            StateData = row.Data,
            StartedAt = row.StateAt,
            ServerId = row.Data.GetValueOrDefault("ServerId"),
        });

    public override JobList<ScheduledJobDto> ScheduledJobs(int from, int count) =>
        List(MonitoringSql.JobsOldestFirst, ScheduledState.StateName, from, count, InState, row => new ScheduledJobDto
        {
            Job = row.Job,
            LoadException = row.LoadException,
            InvocationData = row.Invocation,
            StateData = row.Data,
            ScheduledAt = row.StateAt,
            EnqueueAt = JobHelper.DeserializeNullableDateTime(row.Data.GetValueOrDefault("EnqueueAt")) ?? DateTime.MinValue,
        });

    public override JobList<SucceededJobDto> SucceededJobs(int from, int count) =>
        List(MonitoringSql.JobsNewestFirst, SucceededState.StateName, from, count, InState, row => new SucceededJobDto
        {
            Job = row.Job,
            LoadException = row.LoadException,
            InvocationData = row.Invocation,
            StateData = row.Data,
            SucceededAt = row.StateAt,
            Result = row.Data.GetValueOrDefault("Result"),
            TotalDuration = row.Number("PerformanceDuration") + row.Number("Latency"),
        });

    public override JobList<FailedJobDto> FailedJobs(int from, int count) =>
        List(MonitoringSql.JobsNewestFirst, FailedState.StateName, from, count, InState, row => new FailedJobDto
        {
            Job = row.Job,
            LoadException = row.LoadException,
            InvocationData = row.Invocation,
            StateData = row.Data,
            FailedAt = row.StateAt,
            Reason = row.Reason,
            ExceptionType = row.Data.GetValueOrDefault("ExceptionType"),
            ExceptionMessage = row.Data.GetValueOrDefault("ExceptionMessage"),
            ExceptionDetails = row.Data.GetValueOrDefault("ExceptionDetails"),
        });

    public override JobList<DeletedJobDto> DeletedJobs(int from, int count) =>
        List(MonitoringSql.JobsNewestFirst, DeletedState.StateName, from, count, InState, row => new DeletedJobDto
        {
            Job = row.Job,
            LoadException = row.LoadException,
            InvocationData = row.Invocation,
            StateData = row.Data,
            DeletedAt = row.StateAt,
        });

    public override JobList<AwaitingJobDto> AwaitingJobs(int from, int count) =>
        List(MonitoringSql.JobsOldestFirst, AwaitingState.StateName, from, count, InState, row => new AwaitingJobDto
        {
            Job = row.Job,
            LoadException = row.LoadException,
            InvocationData = row.Invocation,
            StateData = row.Data,
            AwaitingAt = row.StateAt,
            ParentStateName = StateOf(row.Data.GetValueOrDefault("ParentId")),
        });

    private static JobRow InState(Row row) => new(row, row.Integer(0), fetchedAt: null);

    // The job of a row of a queue may have expired: its id is then all that is known
    private static JobRow InQueue(Row row) =>
        new(row, row.Integer(10), row.Columns > 11 ? row.NullableInteger(11) : null);

    private JobList<T> List<T>(
        string sql, string stateOrQueue, int from, int count, Func<Row, JobRow> read, Func<JobRow, T> show)
    {
        var rows = Read(session => session.Query(sql, read, stateOrQueue, count, from));
        return new JobList<T>(rows.Select(row => KeyValuePair.Create(StoredValues.ToText(row.Id), show(row))));
    }

    private string? StateOf(string? jobId) => jobId is not null && StoredValues.TryParseJobId(jobId, out var id)
        ? Read(session => session.Scalar<string>(MonitoringSql.StateName, id))
        : null;

    /// <summary>A job with its current state, as the lists select them.</summary>
    private sealed class JobRow
    {
        public JobRow(Row row, long id, long? fetchedAt)
        {
            Id = id;
            FetchedAt = fetchedAt is { } time ? StoredValues.ToUtc(time) : null;
            if (row.IsNull(0)) return;

            Invocation = row.InvocationData(1);
            Job = StoredValues.TryLoad(Invocation, out var reason);
            LoadException = reason;
            State = row.NullableText(6);
            Reason = row.NullableText(7);
            StateAt = row.NullableInteger(8) is { } stateAt ? StoredValues.ToUtc(stateAt) : null;
            Data = StoredValues.ToDictionary(row.NullableText(9));
        }

        public long Id { get; }

        public InvocationData? Invocation { get; }

        public Job? Job { get; }

        public JobLoadException? LoadException { get; }

        public string? State { get; }

        public string? Reason { get; }

        public DateTime? StateAt { get; }

        public Dictionary<string, string?> Data { get; } = [];

        public DateTime? FetchedAt { get; }

        public bool Is(string state) => string.Equals(State, state, StringComparison.OrdinalIgnoreCase);

        public long? Number(string name) =>
            long.TryParse(Data.GetValueOrDefault(name), CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}

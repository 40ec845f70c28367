using Hangfire.Storage;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.HangfireSqlite;
using SentinelCam.Tests.HangfireSqlite.Support;

namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>Counters: one row each, added up as they are written.</summary>
public sealed class CounterTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 0, 30, 0, TimeSpan.Zero));
    private readonly TemporaryStorage _temporary;
    private readonly JobStorageConnection _connection;

    public CounterTests()
    {
        _temporary = new TemporaryStorage(new SqliteJobStorageOptions { TimeProvider = _clock });
        _connection = _temporary.Connect();
    }

    public void Dispose()
    {
        _connection.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public void A_counter_is_one_row_however_often_it_is_changed()
    {
        for (var i = 0; i < 10; i++) _connection.Commit(t => t.IncrementCounter("c"), t => t.IncrementCounter("c"));
        Assert.Equal(20, _connection.GetCounter("c"));
        Assert.Equal(1, Rows());
    }

    [Fact]
    public void A_counter_that_is_back_at_nought_is_gone()
    {
        _connection.Commit(t => t.IncrementCounter("c"), t => t.DecrementCounter("c"));
        Assert.Equal(0, _connection.GetCounter("c"));
        Assert.Equal(0, Rows());
    }

    [Fact]
    public void An_increment_without_an_end_leaves_the_end_that_is_set()
    {
        _connection.Commit(t => t.IncrementCounter("c", TimeSpan.FromHours(1)), t => t.IncrementCounter("c"));
        Assert.Equal(
            NextWholeMinute(_clock.GetUtcNow().AddHours(1)).ToStored(),
            _temporary.Storage.Read(static session => session.Scalar<long>("SELECT expire_at FROM counter")));
    }

    [Fact]
    public void The_graphs_count_by_UTC_day_and_hour()
    {
        _connection.Commit(
            t => t.IncrementCounter("stats:succeeded:2026-03-01"), t => t.IncrementCounter("stats:succeeded:2026-02-28"),
            t => t.IncrementCounter("stats:failed:2026-03-01-00"), t => t.IncrementCounter("stats:failed:2026-02-28-23"),
            t => t.IncrementCounter("stats:deleted:2026-02-20"));
        var monitor = _temporary.Monitor();
        var days = monitor.SucceededByDatesCount();
        Assert.Equal((1, 1), (days[new DateTime(2026, 3, 1)], days[new DateTime(2026, 2, 28)]));
        var hours = monitor.HourlyFailedJobs();
        Assert.Equal(1, hours[_clock.GetUtcNow().UtcDateTime]);
        Assert.Equal(1, hours[_clock.GetUtcNow().UtcDateTime.AddHours(-1)]);
        Assert.Equal(0, monitor.DeletedByDatesCount().Values.Sum());
    }

    private static DateTimeOffset NextWholeMinute(DateTimeOffset time) =>
        new(time.Ticks - time.Ticks % TimeSpan.TicksPerMinute + TimeSpan.TicksPerMinute, TimeSpan.Zero);

    private long Rows() => _temporary.Storage.Read(static session => session.Scalar<long>("SELECT count(*) FROM counter"));
}

using System.Diagnostics.Metrics;
using Hangfire;
using SentinelCam.Cameras;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Jobs;

namespace SentinelCam.Metrics;

/// <summary>Publishes how things are: camera, queues, pictures, disk, troubles. Read only when somebody collects.</summary>
/// <remarks>
/// The database is asked only what an index answers without reading all rows, and the size of all pictures only now and then.
/// Finished mails are counted as they end.
/// </remarks>
public sealed class StateMetrics
{
    /// <summary>Several gauges share one reading.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    /// <summary>The sum reads the rows of all pictures.</summary>
    private static readonly TimeSpan PicturesFresh = TimeSpan.FromMinutes(10);

    private readonly IServiceScopeFactory _scopes;
    private readonly string _node;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private (Reading Reading, long At)? _last;
    private (long Bytes, long At)? _pictures;

    public StateMetrics(
        IMeterFactory meters, CameraFeed camera, DataDirectory data, NodeName node, IServiceScopeFactory scopes,
        TimeProvider time)
    {
        (_scopes, _node, _time) = (scopes, node.Value, time);
        var meter = meters.SentinelCamMeter();
        meter.CreateObservableGauge("sentinelcam.camera.state", () => One(camera.Status.State, "state"), null,
            "1 for the state that the camera is in");
        meter.CreateObservableGauge("sentinelcam.camera.frame_age", () => FrameAge(camera), "s",
            "The age of the last frame; nothing before the first");
        meter.CreateObservableGauge("sentinelcam.deliveries", () => Read()?.Deliveries ?? [], "{mail}",
            "Mails that are not sent yet, by state");
        meter.CreateObservableGauge("sentinelcam.delivery.oldest", () => Optional(Read()?.OldestDelivery), "s",
            "The age of the oldest mail that is not sent yet");
        meter.CreateObservableGauge("sentinelcam.captures.waiting", () => Optional(Read()?.Captures), "{capture}",
            "Captures that are still to be made");
        meter.CreateObservableGauge("sentinelcam.queue.length", () => Read()?.Queues ?? [], "{job}",
            "Jobs that wait for a worker, by queue");
        meter.CreateObservableGauge("sentinelcam.pictures.size", () => Optional(Read()?.PictureBytes), "By",
            "The size of all stored pictures, up to ten minutes ago");
        meter.CreateObservableGauge("sentinelcam.trouble", () => Read()?.Troubles ?? [], null,
            "1 for what the administrators were told and is not over");
        meter.CreateObservableGauge("sentinelcam.disk.free", () => data.FreeBytes, "By",
            "The free space for the data directory");
        meter.CreateObservableGauge("sentinelcam.database.size", () => Optional(Read()?.DatabaseBytes), "By",
            "The size of the database");
    }

    private static IEnumerable<Measurement<long>> One<TEnum>(TEnum current, string label) where TEnum : struct, Enum =>
        Enum.GetValues<TEnum>().Select(value => Labelled(value.Equals(current) ? 1 : 0, label, value.Label()));

    private static IEnumerable<Measurement<double>> FrameAge(CameraFeed camera) =>
        camera.Status.FrameAge is { } age ? [new(age.TotalSeconds)] : [];

    private static IEnumerable<Measurement<T>> Optional<T>(T? value) where T : struct => value is { } known ? [new(known)] : [];

    private static Measurement<long> Labelled(long value, string label, string name) =>
        new(value, new KeyValuePair<string, object?>(label, name));

    /// <returns>Null if a database cannot be read: a gauge without a value says so.</returns>
    private Reading? Read()
    {
        lock (_lock)
        {
            if (_last is { } last && _time.GetElapsedTime(last.At) < Fresh)
                return last.Reading;
            try
            {
                using var scope = _scopes.CreateScope();
                _last = (ReadNow(scope.ServiceProvider), _time.GetTimestamp());
                return _last.Value.Reading;
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                return null;
            }
        }
    }

    private Reading ReadNow(IServiceProvider services)
    {
        var db = services.GetRequiredService<SentinelCamDbContext>();
        var unsent = db.Deliveries.Where(d => d.State == DeliveryState.Waiting || d.State == DeliveryState.Sending);
        var byState = unsent.GroupBy(d => d.State).Select(group => new { group.Key, Count = group.LongCount() })
            .ToDictionary(group => group.Key, group => group.Count);
        var oldest = unsent.OrderBy(d => d.QueuedAt).Select(d => (DateTimeOffset?)d.QueuedAt).FirstOrDefault();
        var told = db.Troubles.Where(t => t.ToldAt != null).Select(t => t.Kind).ToList();
        var monitoring = services.GetRequiredService<JobStorage>().GetMonitoringApi();
        if (_pictures is not { } pictures || _time.GetElapsedTime(pictures.At) >= PicturesFresh)
            _pictures = (db.Snapshots.Sum(s => s.Bytes), _time.GetTimestamp());
        return new Reading(
            [.. new[] { DeliveryState.Waiting, DeliveryState.Sending }
                .Select(state => Labelled(byState.GetValueOrDefault(state), "state", state.Label()))],
            oldest is null ? 0 : Math.Max(0, (_time.GetUtcNow() - oldest.Value).TotalSeconds),
            db.ImageLog.LongCount(e => e.CaptureState == CaptureState.Waiting),
            // Other nodes count their own captures
            [.. JobQueues.Of(_node).Select(queue => Labelled(
                monitoring.EnqueuedCount(queue), "queue", queue.Replace($"-{_node}", "", StringComparison.Ordinal)))],
            [.. Enum.GetValues<TroubleKind>().Select(kind => Labelled(told.Contains(kind) ? 1 : 0, "kind", kind.Label()))],
            _pictures.Value.Bytes,
            db.Dialect.ReadSize(db, services.GetRequiredService<DataDirectory>()));
    }

    private sealed record Reading(
        Measurement<long>[] Deliveries, double OldestDelivery, long Captures, Measurement<long>[] Queues,
        Measurement<long>[] Troubles, long PictureBytes, long DatabaseBytes);
}

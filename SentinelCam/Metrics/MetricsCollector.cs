using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using SentinelCam.Configuration;

namespace SentinelCam.Metrics;

/// <summary>Adds up the measurements of this application's meter, for <c>/metrics</c>.</summary>
public sealed class MetricsCollector : IDisposable
{
    /// <summary>Labels have few values, so this is never reached; a mistake must not fill the memory.</summary>
    private const int MaxSeries = 1000;

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(Instrument Instrument, string Labels), MetricSeries> _series = new();
    private readonly Lock _collecting = new();

    /// <param name="meters">Creates the meter that is listened to.</param>
    public MetricsCollector(IMeterFactory meters)
    {
        var meter = meters.SentinelCamMeter();
        // By the object and not by its name: several applications can live in one process
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, labels, _) => Add(instrument, value, labels));
        _listener.SetMeasurementEventCallback<double>((instrument, value, labels, _) => Add(instrument, value, labels));
        _listener.Start();
    }

    /// <summary>Reads the gauges, and lists all series by the name of their instrument.</summary>
    internal IReadOnlyList<IGrouping<Instrument, MetricSeries>> Collect()
    {
        lock (_collecting)
        {
            // A gauge that has no value now has none, and not that of before
            foreach (var key in _series.Keys.Where(key => key.Instrument.IsObservable))
                _series.TryRemove(key, out _);
            try
            {
                _listener.RecordObservableInstruments();
            }
            catch (AggregateException)
            {
                // A gauge that cannot be read has no value; the others do
            }

            return [.. _series.OrderBy(s => s.Key.Instrument.Name, StringComparer.Ordinal)
                .ThenBy(s => s.Key.Labels, StringComparer.Ordinal)
                .GroupBy(s => s.Key.Instrument, s => s.Value)];
        }
    }

    /// <inheritdoc />
    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        var key = (instrument, PrometheusText.Labels(labels));
        if (!_series.TryGetValue(key, out var series))
        {
            if (_series.Count >= MaxSeries)
                return;
            series = _series.GetOrAdd(key, _ => new MetricSeries(
                key.Item2, (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries ?? []));
        }

        series.Add(value, isTotal: instrument is not ObservableGauge<long> and not ObservableGauge<double>);
    }
}

/// <summary>The values of one instrument with the same labels.</summary>
/// <param name="labels">As Prometheus writes them; empty without labels.</param>
/// <param name="bounds">The upper bounds of a histogram's buckets.</param>
internal sealed class MetricSeries(string labels, IReadOnlyList<double> bounds)
{
    private readonly Lock _lock = new();
    private readonly long[] _buckets = new long[bounds.Count];
    private double _value;
    private long _count;

    public string Labels => labels;

    /// <param name="value">The measurement.</param>
    /// <param name="isTotal">Whether it is added to those before, and does not replace them.</param>
    public void Add(double value, bool isTotal)
    {
        lock (_lock)
        {
            _value = isTotal ? _value + value : value;
            _count++;
            for (var i = 0; i < bounds.Count; i++)
                _buckets[i] += value <= bounds[i] ? 1 : 0;
        }
    }

    /// <summary>The value or the sum, the number of measurements, and how many of them each bucket has, cumulated.</summary>
    public (double Value, long Count, IReadOnlyList<(double Bound, long Count)> Buckets) Read()
    {
        lock (_lock)
            return (_value, _count, [.. bounds.Zip(_buckets)]);
    }
}

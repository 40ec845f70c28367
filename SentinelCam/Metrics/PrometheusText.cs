using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace SentinelCam.Metrics;

/// <summary>Writes metrics in Prometheus' text format 0.0.4, with the names that OpenTelemetry prescribes for it.</summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(IEnumerable<IGrouping<Instrument, MetricSeries>> metrics)
    {
        var text = new StringBuilder();
        foreach (var metric in metrics)
        {
            var (name, type) = Describe(metric.Key);
            text.Append("# HELP ").Append(name).Append(' ').Append(metric.Key.Description).Append('\n')
                .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
            foreach (var series in metric)
                Append(text, name, type, series);
        }

        return text.ToString();
    }

    /// <summary>The labels of a measurement, such as <c>state="waiting"</c>, in their order.</summary>
    public static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        if (labels.IsEmpty)
            return "";
        var text = new StringBuilder();
        foreach (var (name, value) in labels)
        {
            text.Append(text.Length > 0 ? "," : "").Append(name).Append("=\"")
                .Append(Convert.ToString(value, CultureInfo.InvariantCulture)?
                    .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
                    .Replace("\n", "\\n", StringComparison.Ordinal))
                .Append('"');
        }

        return text.ToString();
    }

    /// <summary>The name and the kind of an instrument, as Prometheus knows them.</summary>
    public static (string Name, string Type) Describe(Instrument instrument)
    {
        var unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            // A unit in braces only names what is counted
            _ => "",
        };
        var name = instrument.Name.Replace('.', '_') + unit;
        return instrument switch
        {
            Counter<long> => ($"{name}_total", "counter"),
            Histogram<double> => (name, "histogram"),
            _ => (name, "gauge"),
        };
    }

    private static void Append(StringBuilder text, string name, string type, MetricSeries series)
    {
        var (value, count, buckets) = series.Read();
        if (type != "histogram")
        {
            Line(name, series.Labels, value);
            return;
        }

        var comma = series.Labels.Length > 0 ? "," : "";
        foreach (var (bound, below) in buckets)
            Line($"{name}_bucket", $"{series.Labels}{comma}le=\"{Number(bound)}\"", below);
        Line($"{name}_bucket", $"{series.Labels}{comma}le=\"+Inf\"", count);
        Line($"{name}_sum", series.Labels, value);
        Line($"{name}_count", series.Labels, count);

        void Line(string what, string labels, double number) => text
            .Append(what).Append(labels.Length > 0 ? $"{{{labels}}}" : "").Append(' ').Append(Number(number)).Append('\n');
    }

    private static string Number(double number) => number.ToString("R", CultureInfo.InvariantCulture);
}

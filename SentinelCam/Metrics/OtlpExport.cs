using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using SentinelCam.Configuration;

namespace SentinelCam.Metrics;

/// <summary>
/// Sends metrics and traces to a collector. Only this file needs OpenTelemetry's packages, which are not loaded without a
/// collector.
/// </summary>
public sealed class OtlpExport(MetricsOptions options, DataDirectory data) : IHostedService, IDisposable
{
    private MeterProvider? _meters;
    private TracerProvider? _traces;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var resource = ResourceBuilder.CreateDefault()
            .AddService(Telemetry.Name, serviceVersion: ProductVersion.Text, serviceInstanceId: data.InstanceName);
        _meters = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(Telemetry.Name)
            .AddOtlpExporter(exporter => Address(exporter, "metrics")).Build();
        _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(Telemetry.Name)
            .AddOtlpExporter(exporter => Address(exporter, "traces")).Build();
        return Task.CompletedTask;
    }

    /// <summary>Sends the rest.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(Dispose, CancellationToken.None);

    /// <inheritdoc />
    public void Dispose()
    {
        Interlocked.Exchange(ref _meters, null)?.Dispose();
        Interlocked.Exchange(ref _traces, null)?.Dispose();
    }

    /// <summary>Without <c>Metrics:Otlp</c>, OpenTelemetry's own environment variables say where and how.</summary>
    private void Address(OtlpExporterOptions exporter, string signal)
    {
        if (options.Otlp is not { } collector)
            return;
        exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = new Uri($"{collector.AbsoluteUri.TrimEnd('/')}/v1/{signal}");
    }
}

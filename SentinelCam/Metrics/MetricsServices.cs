using System.Runtime.CompilerServices;
using SentinelCam.LoginAttempts;

namespace SentinelCam.Metrics;

/// <summary>Collects metrics for <c>/metrics</c>, and sends them and traces to a collector if there is one.</summary>
public static class MetricsServices
{
    public static IServiceCollection AddSentinelCamMetrics(this IServiceCollection services, IConfiguration configuration)
    {
        var options = MetricsOptions.Read(configuration);
        services.AddSingleton(options);
        services.AddSingleton<MetricsCollector>();
        services.AddSingleton<StateMetrics>();
        services.AddHostedService<MetricsStart>();
        if (options.HasCollector)
            AddExport(services);
        return services;
    }

    /// <summary>A method of its own, so that OpenTelemetry's packages are loaded only when it is called.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddExport(IServiceCollection services) => services.AddHostedService<OtlpExport>();

    /// <summary>Creates what counts from the start, before anything happens.</summary>
    private sealed class MetricsStart(MetricsCollector collector, StateMetrics state, AttemptMetrics attempts) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            GC.KeepAlive(collector);
            GC.KeepAlive(state);
            GC.KeepAlive(attempts);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

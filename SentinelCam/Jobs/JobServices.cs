using Hangfire;
using Hangfire.AspNetCore;
using SentinelCam.Configuration;
using SentinelCam.HangfireSqlite;

namespace SentinelCam.Jobs;

/// <summary>Hangfire: where jobs are kept, and who works on them.</summary>
public static class JobServices
{
    public static IServiceCollection AddJobs(this IServiceCollection services, DataDirectory data)
    {
        // Storage and activator are registered here, and not through Hangfire's global configuration, so that several
        // applications can live in one process. This line alone names the storage.
        services.AddSingleton<JobStorage>(_ => new SqliteJobStorage($"Data Source={data.Jobs}"));
        services.AddSingleton<JobActivator>(provider => new AspNetCoreJobActivator(provider.GetRequiredService<IServiceScopeFactory>()));
        services.AddHangfire(configuration => configuration
            .SetDataCompatibilityLevel(CompatibilityLevel.Version_180)
            .UseSimpleAssemblyNameTypeSerializer()
            .UseRecommendedSerializerSettings());
        // Two servers, so that captures that wait for a camera never keep a mail waiting
        services.AddHangfireServer(options => (options.ServerName, options.Queues, options.WorkerCount) = ("capture", [JobQueues.Capture], 4));
        services.AddHangfireServer(options => (options.ServerName, options.Queues, options.WorkerCount) = ("alerts", [JobQueues.Alerts, JobQueues.Default], 4));
        return services;
    }
}

/// <summary>The queues of jobs.</summary>
public static class JobQueues
{
    public const string Capture = "capture";
    public const string Alerts = "alerts";
    public const string Default = "default";
}

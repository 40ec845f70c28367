using Hangfire;
using Hangfire.AspNetCore;
using SentinelCam.Configuration;
using SentinelCam.HangfireSqlite;

namespace SentinelCam.Jobs;

/// <summary>Hangfire: where jobs are kept, and who works on them.</summary>
public static class JobServices
{
    public static IServiceCollection AddJobs(this IServiceCollection services, IConfiguration configuration, DataDirectory data)
    {
        services.AddSingleton(CaptureOptions.Read(configuration));
        services.AddSingleton<StripCompletion>();
        services.AddHostedService(provider => provider.GetRequiredService<StripCompletion>());
        services.AddHostedService<RetentionSchedule>();
        services.AddSingleton<WorkStarter>();
        services.AddHostedService(provider => provider.GetRequiredService<WorkStarter>());
        // Storage and activator are registered here, and not through Hangfire's global configuration, so that several
        // applications can live in one process. This line alone names the storage.
        services.AddSingleton<JobStorage>(_ => new SqliteJobStorage($"Data Source={data.Jobs}"));
        services.AddSingleton<JobActivator>(provider => new AspNetCoreJobActivator(provider.GetRequiredService<IServiceScopeFactory>()));
        services.AddHangfire(configuration => configuration
            .SetDataCompatibilityLevel(CompatibilityLevel.Version_180)
            .UseSimpleAssemblyNameTypeSerializer()
            .UseRecommendedSerializerSettings());
        // Workers of their own: a camera that does not answer keeps no mail waiting, and a flood of guesses no owner's first alert
        services.AddWorkers(8, JobQueues.Capture);
        services.AddWorkers(4, JobQueues.JoinedCapture);
        services.AddWorkers(1, JobQueues.Mails);
        services.AddWorkers(2, JobQueues.Default);
        return services;
    }

    private static void AddWorkers(this IServiceCollection services, int count, params string[] queues) =>
        services.AddHangfireServer(options => (options.ServerName, options.Queues, options.WorkerCount) = (queues[0], queues, count));
}

/// <summary>The queues of jobs.</summary>
public static class JobQueues
{
    /// <summary>Captures that a mail waits for.</summary>
    public const string Capture = "capture";

    /// <summary>Captures of attempts that joined an alert.</summary>
    public const string JoinedCapture = "joined-capture";

    /// <summary>Mails, one at a time: a power cut can leave no more than one in doubt.</summary>
    public const string Mails = "mails";

    public const string Default = "default";
}

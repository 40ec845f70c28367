using Hangfire;
using Hangfire.AspNetCore;
using Hangfire.Logging;
using SentinelCam.Alerts;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Jobs;

/// <summary>Hangfire: where jobs are kept, and who works on them.</summary>
public static class JobServices
{
    public static IServiceCollection AddJobs(this IServiceCollection services, IConfiguration configuration, DataDirectory data)
    {
        services.AddSingleton(CaptureOptions.Read(configuration));
        var node = NodeName.Read(configuration);
        services.AddSingleton<OutagePatience>();
        services.AddSingleton<StripCompletion>();
        services.AddHostedService(provider => provider.GetRequiredService<StripCompletion>());
        services.AddHostedService<HourlyJobs>();
        services.AddSingleton<JobMetrics>();
        services.AddSingleton<MailTurns>();
        services.AddSingleton<ClockWatch>();
        services.AddSingleton<ForwardPauses>();
        services.AddScoped<RecordRetention>();
        services.AddSingleton<WorkRepair>();
        services.AddSingleton<WorkStarter>();
        services.AddHostedService(provider => provider.GetRequiredService<WorkStarter>());
        // Storage and activator are registered here, and not through Hangfire's global configuration, so that several
        // applications can live in one process.
        JobsDatabase.AddTo(services, configuration);
        services.AddSingleton<JobStorage>(provider => provider.GetRequiredService<JobsDatabase>().Open());
        services.AddSingleton<JobActivator>(provider =>
            new AspNetCoreJobActivator(provider.GetRequiredService<IServiceScopeFactory>()));
        var isShared = PostgresOptions.Read(configuration) is not null;
        services.AddHangfire((provider, hangfire) => hangfire
            .UseLogProvider(Log(provider, isShared))
            .SetDataCompatibilityLevel(CompatibilityLevel.Version_180)
            .UseSimpleAssemblyNameTypeSerializer()
            .UseRecommendedSerializerSettings());
        // Three servers: a camera that does not answer delays no mail, and a flood of guesses delays no owner's first alert.
        // Closings and the hourly retention come before the captures of a flood.
        services.AddWorkers(4, JobQueues.Capture(node.Value));
        services.AddWorkers(MailTurns.Most, JobQueues.Mails);
        // A worker that waits costs processor time even without work, so reports have one only where there are any
        if (ForwardOptions.Read(configuration).Url is null)
        {
            services.AddWorkers(3, JobQueues.Default, JobQueues.JoinedCapture(node.Value), JobQueues.Forward);
        }
        else
        {
            services.AddWorkers(3, JobQueues.Default, JobQueues.JoinedCapture(node.Value));
            services.AddWorkers(1, JobQueues.Forward);
        }

        if (PostgresOptions.Read(configuration) is not null)
            services.AddHostedService<Heartbeat>();
        return services;
    }

    private static ILogProvider Log(IServiceProvider provider, bool isShared)
    {
        var log = new AspNetCoreLogProvider(provider.GetRequiredService<ILoggerFactory>());
        return isShared ? new OutageLog(log) : log;
    }

    private static void AddWorkers(this IServiceCollection services, int count, params string[] queues) =>
        services.AddHangfireServer((provider, options) =>
        {
            options.FilterProvider = provider.GetRequiredService<JobMetrics>().Filters();
            var node = provider.GetRequiredService<NodeName>();
            (options.Queues, options.WorkerCount) = (queues, count);
            options.ServerName = $"{node}/{queues[0].Replace($"-{node}", "", StringComparison.Ordinal)}";
            // A server that is silent for so long gives up, and tries minutes later. The database may be gone for hours
            options.ServerTimeout = TimeSpan.FromDays(1);
            // One server starts the recurring jobs and removes expired ones; each that looks costs processor time
            options.IsLightweightServer = queues[0] != JobQueues.Default;
            // How soon a running job learns that it was deleted on the dashboard
            options.CancellationCheckInterval = TimeSpan.FromSeconds(30);
        });
}

/// <summary>The queues of jobs.</summary>
public static class JobQueues
{
    /// <summary>Captures that a mail waits for, by the camera of a node. Only that node works on them.</summary>
    public static string Capture(string node) => $"capture-{node}";

    /// <summary>Captures of attempts that joined an alert, by the camera of a node.</summary>
    public static string JoinedCapture(string node) => $"joined-capture-{node}";

    /// <summary>Mails. They take turns: see <see cref="MailTurns"/>.</summary>
    public const string Mails = "mails";

    /// <summary>Reports to a central SentinelCam, one at a time.</summary>
    public const string Forward = "forward";

    /// <summary>All other jobs.</summary>
    public const string Default = "default";

    /// <summary>Every queue that a node works on.</summary>
    public static string[] Of(string node) => [Capture(node), JoinedCapture(node), Mails, Forward, Default];
}

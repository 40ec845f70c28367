using System.Data.Common;
using Hangfire;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Jobs;

/// <summary>
/// Where Hangfire keeps its jobs: <c>jobs.db</c> beside SQLite, a schema of the same database on PostgreSQL. All of it can be
/// rebuilt from the data, so nothing else depends on which it is.
/// </summary>
public abstract class JobsDatabase
{
    /// <summary>Prepares it, and opens it.</summary>
    /// <exception cref="ConfigurationException">It cannot be used.</exception>
    public abstract JobStorage Open();

    /// <summary>Writes to it.</summary>
    /// <exception cref="IOException">It cannot be used; the message says why, and what to do.</exception>
    /// <exception cref="DbException">PostgreSQL cannot be used.</exception>
    public abstract void Check();

    /// <summary>Gives back what jobs and servers that are gone have left.</summary>
    public abstract void CleanUp();

    internal static void AddTo(IServiceCollection services, IConfiguration configuration)
    {
        if (PostgresOptions.Read(configuration) is not { } server)
        {
            services.AddSingleton<JobsDatabase, JobsFile>();
            return;
        }

        var workers = new WaitingWorkers();
        services.AddSingleton(new ListenedChannel(PostgresJobs.Channel, workers.WakeOne, workers.WakeAll));
        services.AddSingleton<JobsDatabase>(
            provider => ActivatorUtilities.CreateInstance<PostgresJobs>(provider, server, workers));
    }
}

using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;

namespace SentinelCam.Tests.HangfireSqlite.Support;

/// <summary>What the tests of several roles need of a connection.</summary>
internal static class ConnectionExtensions
{
    public static void Commit(this JobStorageConnection connection, params Action<JobStorageTransaction>[] commands)
    {
        using var transaction = (JobStorageTransaction)connection.CreateWriteTransaction();
        foreach (var command in commands) command(transaction);
        transaction.Commit();
    }

    public static string CreateJob(this IStorageConnection connection, Dictionary<string, string>? parameters = null) =>
        connection.CreateExpiredJob(
            Job.FromExpression(() => Signals.Send("nobody", "x")), parameters ?? [], DateTime.UtcNow, TimeSpan.FromHours(1));

    public static string Enqueue(this JobStorageConnection connection, string queue = "default")
    {
        var id = connection.CreateJob();
        connection.Commit(t => t.SetJobState(id, new EnqueuedState(queue)), t => t.PersistJob(id), t => t.AddToQueue(queue, id));
        return id;
    }
}

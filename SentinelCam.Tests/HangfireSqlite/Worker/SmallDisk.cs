using Hangfire;
using Hangfire.States;
using Hangfire.Storage;
using SentinelCam.HangfireSqlite;

namespace SentinelCam.Tests.HangfireSqlite.Worker;

/// <summary>Uses a storage on a disk that it fills and empties again, and says what happens.</summary>
internal static class SmallDisk
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    public static void Run(string folder)
    {
        Fill(folder);
        using var storage = new SqliteJobStorage(
            $"Data Source={folder}/jobs.db",
            new SqliteJobStorageOptions { ReopenInterval = TimeSpan.FromMilliseconds(1), FetchedJobTimeout = TimeSpan.FromSeconds(1) });
        Console.WriteLine($"creation: {storage.Problem}");

        Free(folder);
        Thread.Sleep(10);
        var id = new BackgroundJobClient(storage).Enqueue(() => NotedJob.Run(folder, 1, 0));
        Console.WriteLine($"after some was freed: {storage.Problem ?? "works"}");

        using var connection = (JobStorageConnection)storage.GetConnection();
        using (var job = Fetch(connection))
        {
            Fill(folder);
            try
            {
                using var transaction = (JobStorageTransaction)connection.CreateWriteTransaction();
                // More than the room that is left in the last page of the log
                transaction.AddJobState(id, new DeletedState { Reason = new string('x', 100_000) });
                transaction.RemoveFromQueue(job);
                transaction.Commit();
            }
            catch (SqliteJobStorageException exception)
            {
                Console.WriteLine($"acknowledgement: {exception.Message}");
            }
        }

        var monitor = storage.GetMonitoringApi();
        Console.WriteLine($"kept: {monitor.FetchedCount("default") + monitor.EnqueuedCount("default")}");

        Free(folder);
        using (var job = Fetch(connection))
        {
            Console.WriteLine($"fetched again after some was freed: {job.JobId == id}");
            job.RemoveFromQueue();
        }

        Console.WriteLine($"left: {monitor.FetchedCount("default") + monitor.EnqueuedCount("default")}");
    }

    private static IFetchedJob Fetch(JobStorageConnection connection)
    {
        using var patience = new CancellationTokenSource(Patience);
        return connection.FetchNextJob(["default"], patience.Token);
    }

    private static void Fill(string folder)
    {
        using var filler = new FileStream(Path.Combine(folder, "filler"), FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        try
        {
            while (true) filler.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // That was the last page
        }
    }

    private static void Free(string folder) => File.Delete(Path.Combine(folder, "filler"));
}

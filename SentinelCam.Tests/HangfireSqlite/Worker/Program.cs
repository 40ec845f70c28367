// A process of its own for the tests of the job storage, which kill it:
//   JobWorker run <database> <workers> <timeout in ms>    serves the queue until it is killed or its input ends
//   JobWorker lock <database> <resource>                  takes a lock and keeps it until it is killed
//   JobWorker open <database>                             opens the storage and says what is wrong with it
//   JobWorker small-disk <folder>                         fills the disk of the folder again and again
using System.Globalization;
using Hangfire;
using SentinelCam.HangfireSqlite;
using SentinelCam.Tests.HangfireSqlite.Worker;

var (mode, file) = (args[0], args[1]);
if (mode == "small-disk")
{
    SmallDisk.Run(file);
    return 0;
}

var options = new SqliteJobStorageOptions();
if (mode == "run")
    options.FetchedJobTimeout = TimeSpan.FromMilliseconds(int.Parse(args[3], CultureInfo.InvariantCulture));

using var storage = new SqliteJobStorage($"Data Source={file}", options);
switch (mode)
{
    case "run":
        using (var server = new BackgroundJobServer(
            new BackgroundJobServerOptions
            {
                WorkerCount = int.Parse(args[2], CultureInfo.InvariantCulture),
                SchedulePollingInterval = TimeSpan.FromHours(1),
            },
            storage))
        {
            Console.WriteLine("ready");
            Console.ReadLine();
        }

        break;
    case "lock":
        using (storage.GetConnection().AcquireDistributedLock(args[2], TimeSpan.FromSeconds(10)))
        {
            Console.WriteLine("ready");
            Console.ReadLine();
        }

        break;
    case "open":
        Console.WriteLine(storage.Problem ?? "ready");
        break;
    default:
        return 1;
}

return 0;

/// <summary>Declared so that it stays internal: the web framework would make it public, and the tests mean the app's.</summary>
internal partial class Program;

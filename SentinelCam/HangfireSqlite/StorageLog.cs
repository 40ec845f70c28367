using Hangfire.Logging;
using LogLevel = Hangfire.Logging.LogLevel;

namespace SentinelCam.HangfireSqlite;

/// <summary>
/// Hangfire's log. Hangfire has one for the process, which is that of the last application that was set up; once
/// that application is gone its log throws, and a storage of another one must not stop for that.
/// </summary>
internal static class StorageLog
{
    public static void Warn(string message, Exception exception) => Write(LogLevel.Warn, message, exception);

    public static void Debug(string message, Exception exception) => Write(LogLevel.Debug, message, exception);

    private static void Write(LogLevel level, string message, Exception exception)
    {
        try
        {
            LogProvider.GetLogger(typeof(SqliteJobStorage)).Log(level, () => message, exception);
        }
        catch (ObjectDisposedException)
        {
            // The log's application has ended; standard error is what is left
            Console.Error.WriteLine($"{message} {exception.Message}");
        }
    }
}

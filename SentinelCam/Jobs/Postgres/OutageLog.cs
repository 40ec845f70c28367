using Hangfire.Logging;
using SentinelCam.Data;

namespace SentinelCam.Jobs;

/// <summary>
/// Hangfire's log without what it says about a database that is gone: each of its threads would write a stack trace every few
/// seconds. The start of due work reports the problem once a minute.
/// </summary>
internal sealed class OutageLog(ILogProvider inner) : ILogProvider
{
    public ILog GetLogger(string name) => new Log(inner.GetLogger(name));

    private sealed class Log(ILog inner) : ILog
    {
        bool ILog.Log(Hangfire.Logging.LogLevel logLevel, Func<string>? messageFunc, Exception? exception) =>
            exception is not null && (DatabaseProblem.Of(exception) is not null || IsClosedConnection(exception))
                ? inner.Log(Hangfire.Logging.LogLevel.Debug, messageFunc, exception)
                : inner.Log(logLevel, messageFunc, exception);

        /// <summary>Npgsql's answer to who goes on with a connection that the server has closed.</summary>
        private static bool IsClosedConnection(Exception error) => error is InvalidOperationException { Source: "Npgsql" };
    }
}

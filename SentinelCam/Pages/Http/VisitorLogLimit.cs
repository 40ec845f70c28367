using SentinelCam.Visitors;
using Serilog.Core;
using Serilog.Events;

namespace SentinelCam.Pages;

/// <summary>
/// Limits what requests of strangers can write into the log, for each network and in total, so that nobody can rotate the
/// evidence out of it. Attempts are complete in the database, whatever the log leaves out. The last line that fits says that
/// others follow.
/// </summary>
internal sealed class VisitorLogLimit(TimeProvider time) : ILogEventFilter
{
    /// <summary>The property by which a line says that those after it are left out.</summary>
    public const string Note = "LeftOut";

    /// <summary>The most lines in a minute.</summary>
    private const int MaxPerNetwork = 60, MaxInAll = 300;

    /// <summary>A stack trace takes the place of so many lines.</summary>
    private const int LinesOfTrace = 25;

    private const string WebServer = "Microsoft.AspNetCore.Server.Kestrel";

    private static readonly HttpContextAccessor Requests = new();

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);
    private long _minute;
    private int _all;

    public bool IsEnabled(LogEvent logEvent)
    {
        ArgumentNullException.ThrowIfNull(logEvent);
        if (NetworkOf(logEvent) is not { } network)
            return true;
        var cost = logEvent.Exception is null ? 1 : LinesOfTrace;
        lock (_lock)
        {
            var minute = time.GetUtcNow().ToUnixTimeSeconds() / 60;
            if (minute != _minute)
            {
                (_minute, _all) = (minute, 0);
                _lines.Clear();
            }

            var lines = _lines.GetValueOrDefault(network);
            if (lines >= MaxPerNetwork || _all >= MaxInAll)
                return false;
            (_lines[network], _all) = (lines + cost, _all + cost);
            if (lines + cost >= MaxPerNetwork || _all >= MaxInAll)
            {
                var whose = _all >= MaxInAll ? "visitors" : network;
                logEvent.AddPropertyIfAbsent(new LogEventProperty(Note, new ScalarValue(
                    $" (further lines about requests of {whose} are left out for up to a minute)")));
            }

            return true;
        }
    }

    /// <returns>The network whose line it is; null if it is not limited.</returns>
    private static string? NetworkOf(LogEvent logEvent)
    {
        if (Requests.HttpContext is { } context)
        {
            return context.User.Identity is { IsAuthenticated: true }
                ? null
                : RemoteNetwork.Of(Visitor.Of(context).RemoteAddress);
        }

        // About a connection, of which the line does not say whose it is
        return logEvent.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source)
            && source is ScalarValue { Value: string name } && name.StartsWith(WebServer, StringComparison.Ordinal)
            ? Visitor.UnknownAddress
            : null;
    }
}

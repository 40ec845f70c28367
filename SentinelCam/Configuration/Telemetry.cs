using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;

namespace SentinelCam.Configuration;

/// <summary>
/// The names under which SentinelCam publishes metrics and traces. Without a listener, both cost next to nothing.
/// </summary>
/// <remarks>Neither carries accounts, addresses, texts of visitors or secrets: labels have a few values, known before.</remarks>
public static class Telemetry
{
    public const string Name = "SentinelCam";

    private static readonly ActivitySource Activities = new(Name, ProductVersion.Text);

    /// <summary>The id of the running step, to be stored so that a later job continues its trace; null without a trace.</summary>
    public static string? CurrentTrace =>
        Activity.Current is { Recorded: true } step && step.Source.Name == Name ? step.Id : null;

    /// <summary>The meter of one application; several can live in a process.</summary>
    public static Meter SentinelCamMeter(this IMeterFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return factory.Create(new MeterOptions(Name) { Version = ProductVersion.Text });
    }

    /// <summary>
    /// Begins a trace. Ignores that of the request: a stranger's header could choose its id, and whether it is recorded.
    /// </summary>
    /// <param name="step">The name of the first step.</param>
    /// <returns>Null if nobody listens.</returns>
    public static Activity? BeginTrace(string step)
    {
        if (!Activities.HasListeners())
            return null;
        // Otherwise it would become the parent. The caller's is back when the caller's method goes on
        Activity.Current = null;
        return Activities.StartActivity(step, ActivityKind.Server);
    }

    /// <summary>Continues a trace in a job.</summary>
    /// <param name="step">The name of the step.</param>
    /// <param name="trace">What <see cref="CurrentTrace"/> was; null for work that began without a trace.</param>
    public static Activity? ContinueTrace(string step, string? trace) =>
        trace is null ? null : Activities.StartActivity(step, ActivityKind.Consumer, trace);

    /// <summary>The name of an enum's value as labels have it, such as <c>wrong_password</c>.</summary>
    public static string Label(this Enum value)
    {
        var name = value.ToString();
        var label = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && label.Length > 0)
                label.Append('_');
            label.Append(char.ToLowerInvariant(letter));
        }

        return label.ToString();
    }
}

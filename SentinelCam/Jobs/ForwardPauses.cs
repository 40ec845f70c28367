using SentinelCam.Forwarding;

namespace SentinelCam.Jobs;

/// <summary>
/// The pauses between tries to reach the central SentinelCam. They belong to the connection, not to a report: each report that
/// begins with the shortest pause would try again and again while the device is offline. A refusal or a failed upload
/// belongs to its report.
/// </summary>
public sealed class ForwardPauses
{
    /// <summary>The pauses after the first and later failures to reach the central side; the last one repeats.</summary>
    private static readonly TimeSpan[] Pauses =
        [.. new[] { 10, 30, 60, 120, 300, 600 }.Select(seconds => TimeSpan.FromSeconds(seconds))];

    /// <summary>The pauses after refusals, which administrators end: there may be one for each entry of an owner.</summary>
    private static readonly TimeSpan[] PausesAfterRefusal = [.. Pauses, TimeSpan.FromHours(1), TimeSpan.FromHours(6)];

    private int _failures;

    /// <summary>True at the start, too: a new token needs one.</summary>
    private volatile bool _othersWait = true;

    /// <summary>The longest pause.</summary>
    public static TimeSpan Longest => PausesAfterRefusal[^1];

    /// <summary>The pause after a try that failed.</summary>
    /// <param name="answer">Why.</param>
    /// <param name="tries">How often this report was tried, or its upload has failed.</param>
    public TimeSpan Next(ForwardAnswer answer, int tries)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (answer.Result is not (ForwardResult.Refused or ForwardResult.UploadFailed))
            _othersWait = true;
        var pause = answer.Result is ForwardResult.TryAgain
            ? Of(Pauses, Interlocked.Increment(ref _failures))
            : Of(PausesAfterRefusal, tries);
        return answer.RetryAfter > pause ? answer.RetryAfter.Value : pause;
    }

    /// <summary>A report was accepted.</summary>
    /// <returns>Whether others may wait for a pause that is pointless now.</returns>
    public bool End()
    {
        Interlocked.Exchange(ref _failures, 0);
        var wait = _othersWait;
        _othersWait = false;
        return wait;
    }

    private static TimeSpan Of(TimeSpan[] pauses, int failures) => pauses[Math.Clamp(failures, 1, pauses.Length) - 1];
}


namespace SentinelCam.Cameras;

/// <summary>A period during which the camera is kept open. Reads frames, and reopens the camera after each fault.</summary>
internal sealed class CameraSession(
    CameraReader reader, ICamera camera, CameraStatusTracker status, FrameJudge judge, TimeProvider time, CameraFeedLimits limits)
    : IDisposable
{
    private readonly CancellationTokenSource _closing = new();

    public bool IsClosed => _closing.IsCancellationRequested;

    public ICamera Camera => camera;

    /// <summary>Ends the session. Frames that still arrive are dropped.</summary>
    public void Close() => _closing.Cancel();

    /// <summary>Reads the camera until the session is closed.</summary>
    /// <param name="previous">The previous session. It must end first, because a device cannot be opened twice.</param>
    public async Task RunAsync(Task previous)
    {
        await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (IsClosed)
            return;
        status.LogOnce(camera.Source, CameraState.Opening);
        var retry = limits.FirstRetryDelay;
        // After a fault, frames must arrive for a while before the camera is logged as live
        var proof = reader.View().Fault is null ? TimeSpan.Zero : retry;
        while (!IsClosed)
        {
            var (fault, liveFor) = await ReadUntilFaultAsync(proof, _closing.Token);
            // A camera that sends one picture and hangs up is no better than one that sends none
            if (liveFor >= retry)
                retry = limits.FirstRetryDelay;
            if (reader.Report(fault, this) is not { } pause)
                break;
            // A new capture retries at once; one that is already waiting gets the next try soon
            var wait = pause.IsWaitedFor ? limits.FirstRetryDelay : retry;
            await pause.Woken.WaitAsync(wait, time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            retry = retry * 2 < limits.LongestRetryDelay ? retry * 2 : limits.LongestRetryDelay;
            proof = retry;
        }
        status.LogOnce(camera.Source, CameraState.Off);
    }

    public void Dispose() => _closing.Dispose();

    /// <returns>The fault, and how long frames arrived before it.</returns>
    private async Task<(CameraFault Fault, TimeSpan LiveFor)> ReadUntilFaultAsync(TimeSpan proof, CancellationToken closing)
    {
        using var silence = new CancellationTokenSource(limits.OpeningTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(closing, silence.Token);
        // Logged once: a slow camera may pause this long between any two pictures
        var paused = false;
        await using var pause = time.CreateTimer(_ =>
        {
            // A device that is slow to close sends no frames either
            if (closing.IsCancellationRequested)
                return;
            paused = true;
            status.LogOnce(camera.Source, CameraState.Stale);
        }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        long? first = null;
        var liveFor = TimeSpan.Zero;
        try
        {
            var settling = new ExposureSettling(time, camera.StartsDark);
            await foreach (var frame in camera.ReadAsync(either.Token))
            {
                silence.CancelAfter(limits.SilenceTimeout);
                if (!paused)
                    pause.Change(limits.StaleAfter, Timeout.InfiniteTimeSpan);
                // Once the exposure has settled, only captures decode frames
                var verdict = settling.IsOver ? null : judge.Judge(frame);
                reader.Add(frame, settling.IsSettled(verdict) && !frame.MayBeOld, verdict, this);
                first ??= time.GetTimestamp();
                liveFor = time.GetElapsedTime(first.Value);
                if (liveFor >= proof && !closing.IsCancellationRequested)
                    status.LogOnce(camera, frame);
            }
            return (CameraFaults.Ended, liveFor);
        }
        catch (CameraException e)
        {
            return (e.Fault, liveFor);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return (CameraFaults.Silent, liveFor);
        }
        catch (Exception e)
        {
            // No exception of a camera may end the feed
            status.LogUnexpected(e);
            return (CameraFaults.Unexpected(e), liveFor);
        }
    }
}

using SentinelCam.Cameras;
using SentinelCam.Data;

namespace SentinelCam.Jobs;

/// <summary>Tells the other nodes on the database that this one is alive, and what its camera does.</summary>
public sealed class Heartbeat(NodeSession session, CameraFeed camera, ILogger<Heartbeat> logger) : BackgroundService
{
    /// <summary>The time between two tries while the database cannot be reached.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private string? _lastProblem;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var joined = session.Joined;
            var next = await TryBeatAsync(stoppingToken);
            await joined.WaitAsync(next, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<TimeSpan> TryBeatAsync(CancellationToken cancellationToken)
    {
        try
        {
            var status = camera.Status;
            var next = await session.BeatAsync(
                new NodeCamera(status.Name, status.State.ToString(),
                    status.Problem is null ? null : $"{status.Problem} {status.Remedy}"), cancellationToken);
            _lastProblem = null;
            return next;
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            if (Interlocked.Exchange(ref _lastProblem, error.Message) != error.Message)
            {
                logger.LogError(
                    "Other nodes were not told that this one is alive; SentinelCam keeps trying: {Problem}", error.Message);
            }

            return Pause;
        }
        catch (OperationCanceledException)
        {
            return Pause;
        }
    }
}

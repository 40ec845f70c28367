using System.Diagnostics;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using SentinelCam.Accounts;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

/// <summary>
/// <c>/dashboard/events</c>: tells an open dashboard, by server-sent events, to refresh its fragment. A commit wakes it. The
/// events carry no content, so that only the page decides who sees what.
/// </summary>
public sealed class LiveUpdates
{
    public const string Path = "/dashboard/events";

    /// <summary>Limits of open connections, for each account and in total.</summary>
    private const int MaxPerAccount = 8, MaxInAll = 200;

    /// <summary>The shortest time between two events, however many attempts are recorded meanwhile.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(250);

    /// <summary>The time between two heartbeats, by which either side notices that the other is gone.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);

    /// <summary>The time between two looks at the camera and the session, which can change without a commit.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly IServiceScopeFactory _scopes;
    private readonly CommitSignal _commits;
    private readonly CameraFeed _camera;
    private readonly Lock _lock = new();
    private readonly List<(long Account, CancellationTokenSource End)> _open = [];

    public LiveUpdates(
        IServiceScopeFactory scopes, CommitSignal commits, CameraFeed camera, IHostApplicationLifetime lifetime)
    {
        (_scopes, _commits, _camera) = (scopes, commits, camera);
        // An open dashboard must not keep the app from stopping
        lifetime.ApplicationStopping.Register(EndAll);
    }

    public IResult Answer(HttpContext context)
    {
        var end = new CancellationTokenSource();
        context.RequestAborted.Register(end.Cancel);
        var viewer = Viewer.Of(context.User);
        lock (_lock)
        {
            if (_open.Count >= MaxInAll || _open.Count(o => o.Account == viewer.Id) >= MaxPerAccount)
                return Results.StatusCode(StatusCodes.Status429TooManyRequests);
            _open.Add((viewer.Id, end));
        }

        context.Response.OnCompleted(() =>
        {
            lock (_lock)
                _open.RemoveAll(o => o.End == end);
            return Task.CompletedTask;
        });
        // Otherwise a buffering proxy would hold the events back
        context.Response.Headers["X-Accel-Buffering"] = "no";
        return TypedResults.ServerSentEvents(EventsAsync(viewer, context.CurrentSession(), end.Token));
    }

    /// <summary>What the page says about the camera, without the age and the frame rate, which always change.</summary>
    private CameraWord Camera
    {
        get
        {
            var now = _camera.Status;
            return new CameraWord(now.State, now.Problem, now.Width, now.Height);
        }
    }

    private void EndAll()
    {
        List<CancellationTokenSource> ended;
        lock (_lock)
            ended = [.. _open.Select(o => o.End)];
        foreach (var end in ended)
            end.Cancel();
    }

    private async IAsyncEnumerable<SseItem<string>> EventsAsync(
        Viewer viewer, LiveSession session, CancellationToken end,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? last = null;
        long said = 0;
        while (!end.IsCancellationRequested && !cancellationToken.IsCancellationRequested && await IsAliveAsync(session))
        {
            var (next, camera) = (_commits.Next, Camera);
            var state = await StateAsync(viewer, camera);
            // Other accounts' changes are never announced
            var name = last is null ? "open" : state != last ? "news" : Stopwatch.GetElapsedTime(said) >= Beat ? "beat" : null;
            if (name is not null)
            {
                yield return new SseItem<string>("", name);
                said = Stopwatch.GetTimestamp();
            }

            last = state;
            await Task.WhenAny(Task.Delay(Rest, end));
            var asleep = Stopwatch.GetTimestamp();
            while (!next.IsCompleted && !end.IsCancellationRequested && Camera == camera
                && Stopwatch.GetElapsedTime(asleep) < Beat && await IsAliveAsync(session))
                await Task.WhenAny(next, Task.Delay(Look, end));
        }
    }

    private async Task<bool> IsAliveAsync(LiveSession session)
    {
        await using var scope = _scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<AccountSessions>().IsAliveAsync(session);
    }

    /// <returns>A summary of what the dashboard shows.</returns>
    private async Task<string> StateAsync(Viewer viewer, CameraWord camera)
    {
        await using var scope = _scopes.CreateAsyncScope();
        var newest = await scope.ServiceProvider.GetRequiredService<ImageLogIndex>()
            .FindAsync(viewer, new ImageLogFilter(), null, 1);
        var alerts = await scope.ServiceProvider.GetRequiredService<AlertQuery>().StateAsync(viewer, DashboardModel.Shown);
        return $"{camera} {newest.FirstOrDefault()} {alerts}";
    }

    private sealed record CameraWord(CameraState State, string? Problem, int Width, int Height);
}

public static class LiveUpdatesEndpoint
{
    public static void MapLiveUpdates(this IEndpointRouteBuilder routes) =>
        routes.MapGet(LiveUpdates.Path, (HttpContext context, LiveUpdates live) => live.Answer(context))
            .RequireAuthorization();
}

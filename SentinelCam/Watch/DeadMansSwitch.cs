using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Watch;

/// <summary>
/// Calls <c>Watch:Ping</c> every five minutes while camera, database and mail work. Whoever expects the call learns that they do
/// not, or that SentinelCam, the machine or its network is gone, because it stays away.
/// </summary>
public sealed class DeadMansSwitch : BackgroundService
{
    /// <summary>The time between two calls.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(10);

    private readonly IServiceScopeFactory _scopes;
    private readonly HealthProbe _health;
    private readonly CameraEye _camera;
    private readonly ReferenceClock _reference;
    private readonly LiveNodes _nodes;
    private readonly Uri _address;
    private readonly TimeProvider _time;
    private readonly ILogger<DeadMansSwitch> _logger;
    private readonly HttpClient _http;
    private string? _said = "";

    public DeadMansSwitch(
        IServiceScopeFactory scopes, HealthProbe health, CameraEye camera, ReferenceClock reference, LiveNodes nodes,
        WatchOptions options, TimeProvider time, ILogger<DeadMansSwitch> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_scopes, _health, _camera, _reference) = (scopes, health, camera, reference);
        (_nodes, _time, _logger) = (nodes, time, logger);
        _address = options.Ping!;
        _http = new HttpClient(new SocketsHttpHandler
        {
            // A redirect would give the address, which is a secret, to somebody else's server
            AllowAutoRedirect = false,
            UseCookies = false,
            // The address may move
            PooledConnectionLifetime = Interval,
            ActivityHeadersPropagator = null,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>How many calls were due so far, including those that were left out because something does not work.</summary>
    internal int Calls { get; private set; }

    /// <summary>The timer's value from which they are <see cref="Interval"/> apart.</summary>
    internal long StartedAt { get; private set; }

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        StartedAt = _time.GetTimestamp();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            string? problem;
            try
            {
                problem = await FindProblemAsync(stoppingToken) is { } unhealthy
                    ? $"is not called, because {unhealthy}"
                    : await CallAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                problem = $"is not called, because of an error: {error.Message}";
            }

            Say(problem);
            Calls++;
        }
    }

    /// <returns>What does not work; null if camera, database and mail do.</returns>
    private async Task<string?> FindProblemAsync(CancellationToken cancellationToken)
    {
        if (!_camera.IsHealthy)
            return "the camera does not work";
        foreach (var (part, problem) in await _health.RunAsync())
            if (problem is not null)
                return $"{part} does not work";
        await using var scope = _scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var node = _nodes.WithTrouble(TroubleKind.Camera);
        if (await db.Troubles.AnyAsync(
            t => t.Kind == TroubleKind.Camera && t.Node == node && t.ToldAt != null, cancellationToken))
        {
            return "the camera shows nothing";
        }

        return await db.FindRefusalAsync(cancellationToken) is null ? null : "emails are not accepted";
    }

    /// <returns>What went wrong; null if the call was answered.</returns>
    private async Task<string?> CallAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TimeLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var before = _time.GetUtcNow();
            using var request = new HttpRequestMessage(HttpMethod.Get, _address);
            request.Headers.UserAgent.ParseAdd("SentinelCam");
            // The body does not matter, and may be endless
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            Compare(answer, before);
            return answer.IsSuccessStatusCode ? null
                : answer.StatusCode is >= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest
                    ? "answers with a redirect, which is not followed"
                    : $"answers with status {(int)answer.StatusCode}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "does not answer within ten seconds";
        }
        catch (HttpRequestException error)
        {
            return $"cannot be reached ({error.HttpRequestError})";
        }
    }

    private void Compare(HttpResponseMessage answer, DateTimeOffset before)
    {
        // An answer with an age comes from a cache
        if (answer.Headers is { Date: { } theirs, Age: null } && answer.IsSuccessStatusCode)
            _reference.Compare(theirs, before + (_time.GetUtcNow() - before) / 2);
    }

    /// <summary>Logs a change, without the address's path, which is a secret.</summary>
    private void Say(string? problem)
    {
        if (problem == _said)
            return;
        _said = problem;
        if (problem is null)
            _logger.LogInformation("The dead man's switch on {Host} was called", _address.Host);
        else
            _logger.LogWarning("The dead man's switch on {Host} {Problem:l}", _address.Host, problem);
    }
}

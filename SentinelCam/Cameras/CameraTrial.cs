using System.Security.Cryptography;

namespace SentinelCam.Cameras;

/// <summary>Tries a source before it is chosen: opens it, takes one picture and closes it. Changes nothing.</summary>
/// <remarks>
/// The running camera is not disturbed: a source that reads the same is not opened a second time, since most devices and some
/// network cameras have one viewer. Instead, its next picture is shown.
/// </remarks>
public sealed class CameraTrial(
    CameraSelection selection, CameraFeed feed, OpenCvLibrary library, TimeProvider time, ILogger<CameraTrial> logger)
    : IDisposable
{
    /// <summary>The longest time that a trial takes, the same as for a capture.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>How long a tried source can be chosen. It may contain a password, which is kept in memory until then.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    private readonly FrameJudge _judge = new(library);
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _gate = new();
    private (TriedSource Source, string Value)? _last;
    private ITimer? _expiry;

    /// <summary>Tries a source. One is tried at a time.</summary>
    /// <param name="value">A value as <c>Camera:Source</c> takes it.</param>
    /// <param name="accountId">The account that tries it.</param>
    /// <param name="cancellationToken">Ends the trial.</param>
    /// <returns>A picture, or why there is none, after at most ten seconds.</returns>
    public async Task<TriedSource> TryAsync(string? value, long accountId, CancellationToken cancellationToken)
    {
        var (camera, problem) = selection.Make(value);
        if (camera is null)
            return new TriedSource(null, RedactedSource.Of(value ?? ""), null, problem);
        if (!_turn.Wait(0, CancellationToken.None))
            return new TriedSource(null, camera.Source, null, "Another source is being tried. Try again in ten seconds.");
        var (frame, fault) = await TakeAsync(camera, cancellationToken);
        var tried = new TriedSource(RandomNumberGenerator.GetHexString(32), camera.Source, frame, fault);
        lock (_gate)
        {
            _last = (tried, value!);
            _expiry?.Dispose();
            _expiry = time.CreateTimer(_ => Forget(tried.Id), null, Kept, Timeout.InfiniteTimeSpan);
        }

        logger.LogInformation("Camera source {Source} tried by account {AccountId}: {Outcome:l}",
            camera.Source, accountId, fault ?? "a picture arrived");
        return tried;
    }

    /// <summary>The value that was typed, if nothing of it has to be hidden; otherwise null.</summary>
    public static string? Repeatable(string? value) =>
        value is not null && RedactedSource.Of(value) == value ? value : null;

    /// <summary>The last trial, with the value that was tried; null if it has another id or was too long ago.</summary>
    /// <param name="id">See <see cref="TriedSource.Id"/>.</param>
    public (TriedSource Source, string Value)? Find(string? id)
    {
        lock (_gate)
            return _last is { } last && last.Source.Id == id ? last : null;
    }

    /// <summary>Forgets a trial.</summary>
    public void Forget(string? id)
    {
        lock (_gate)
        {
            if (_last is { } last && last.Source.Id == id)
                _last = null;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _expiry?.Dispose();
        _turn.Dispose();
    }

    private async Task<(Frame? Frame, string? Problem)> TakeAsync(ICamera camera, CancellationToken cancellationToken)
    {
        var limit = new CancellationTokenSource(Limit, time);
        var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var taking = OpenAsync(camera, either.Token);
        // A driver may be stuck for longer. The next trial waits for it, this one's visitor does not.
        _ = taking.ContinueWith(
            _ =>
            {
                either.Dispose();
                limit.Dispose();
                _turn.Release();
            }, TaskScheduler.Default);
        try
        {
            return await taking.WaitAsync(Limit, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return (null, CameraFaults.TooSlow.Text);
        }
    }

    private async Task<(Frame? Frame, string? Problem)> OpenAsync(ICamera camera, CancellationToken cancellationToken)
    {
        // Devices may have several names. The running camera takes its device first, so that it keeps it.
        var current = feed.Camera;
        Frame? shown = null;
        if (camera.StartsDark && current.StartsDark)
            shown = await ShowAsync(cancellationToken);
        if (camera.Identity == current.Identity || (camera.Source == current.Source && camera.StartsDark))
        {
            shown ??= await ShowAsync(cancellationToken);
            var status = feed.Status;
            return shown is null
                ? (null, status.Problem is null ? CameraFaults.TooSlow.Text : $"{status.Problem} {status.Remedy}")
                : (shown, null);
        }

        Frame? last = null;
        try
        {
            var settling = new ExposureSettling(time, camera.StartsDark);
            await foreach (var frame in camera.ReadAsync(cancellationToken))
            {
                last = frame;
                var verdict = settling.IsOver ? null : _judge.Judge(frame);
                if (settling.IsSettled(verdict) && !frame.MayBeOld)
                    return (frame, null);
            }

            return last is null ? (null, CameraFaults.Ended.Text) : (last, null);
        }
        catch (CameraException error)
        {
            return last is null ? (null, error.Fault.Text) : (last, null);
        }
        catch (OperationCanceledException)
        {
            return last is null ? (null, CameraFaults.TooSlow.Text) : (last, null);
        }
        catch (Exception error)
        {
            // Whatever a camera sends, the page says so
            logger.LogWarning("Trying a camera source failed: {Error}", error.GetType().Name);
            return (null, CameraFaults.Unexpected(error).Text);
        }
    }

    private async Task<Frame?> ShowAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await feed.PreviewAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}

/// <summary>What came of trying a source.</summary>
/// <param name="Id">Stands for the source and its picture, without revealing them; null if it was not tried.</param>
/// <param name="Source">The source, without credentials and query string.</param>
/// <param name="Picture">The picture that arrived, or null.</param>
/// <param name="Problem">Why there is no picture, or null.</param>
public sealed record TriedSource(string? Id, string Source, Frame? Picture, string? Problem);

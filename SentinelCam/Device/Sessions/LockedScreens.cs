using SentinelCam.Cameras;

namespace SentinelCam.Device;

/// <summary>
/// Keeps the camera open while a screen is locked and somebody may be at it, if <c>Device:WarmWhileLocked</c> says so.
/// </summary>
public sealed class LockedScreens(DeviceOptions options, CameraFeed camera, TimeProvider time) : IDisposable
{
    /// <summary>How often the camera is told to stay open.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);

    /// <summary>How long it then stays open, also after the screen is unlocked.</summary>
    private static readonly TimeSpan Stay = Interval + TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly HashSet<string> _locked = new(StringComparer.Ordinal);
    private ITimer? _timer;

    /// <summary>A screen is locked, and somebody may be at it.</summary>
    /// <param name="screen">Any name for it.</param>
    public void Lock(string screen)
    {
        if (!options.WarmWhileLocked)
            return;
        lock (_gate)
        {
            if (_locked.Add(screen))
                _timer ??= time.CreateTimer(_ => camera.Warm(Stay), null, TimeSpan.Zero, Interval);
        }
    }

    /// <summary>A screen is no longer locked, or nobody is at it.</summary>
    public void Unlock(string screen)
    {
        lock (_gate)
        {
            if (_locked.Remove(screen) && _locked.Count == 0)
                Dispose();
        }
    }

    /// <summary>No screen is locked any longer.</summary>
    public void UnlockAll()
    {
        lock (_gate)
        {
            _locked.Clear();
            Dispose();
        }
    }

    /// <summary>Replaces the locked screens.</summary>
    internal void Set(IReadOnlyCollection<string> screens)
    {
        lock (_gate)
        {
            foreach (var gone in _locked.Except(screens).ToList())
                Unlock(gone);
            foreach (var screen in screens)
                Lock(screen);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _timer?.Dispose();
            _timer = null;
        }
    }
}

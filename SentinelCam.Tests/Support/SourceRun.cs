using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting.Internal;
using SentinelCam.Configuration;
using SentinelCam.Device;

namespace SentinelCam.Tests.Support;

/// <summary>A source of log-ins that runs, and what it has handed over.</summary>
public sealed class SourceRun : IAsyncDisposable
{
    private readonly ConcurrentQueue<DeviceEvent> _events = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    /// <param name="source">The source.</param>
    /// <param name="handle">Replaces the recording; throws if it fails.</param>
    public SourceRun(IDeviceEventSource source, Action<DeviceEvent>? handle = null)
    {
        _running = Task.Run(() => source.RunAsync(happened =>
        {
            handle?.Invoke(happened);
            _events.Enqueue(happened);
            return Task.CompletedTask;
        }, _stop.Token));
    }

    /// <summary>The events, in the order in which they were handed over.</summary>
    public IReadOnlyList<DeviceEvent> Events => [.. _events];

    /// <summary>Completes when the source gives up.</summary>
    public Task Running => _running;

    /// <summary>Opens a data directory for sources.</summary>
    public static DataDirectory Open(string directory) => DataDirectory.Open(
        new ConfigurationBuilder().AddInMemoryCollection([new("DataDirectory", directory)]).Build(),
        new HostingEnvironment { ContentRootPath = directory });

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}

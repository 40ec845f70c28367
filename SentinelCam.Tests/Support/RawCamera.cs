using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SentinelCam.Tests.Support;

/// <summary>A network camera whose answers are written byte by byte, because no web server would send them.</summary>
public sealed class RawCamera : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<string, Stream, CancellationToken, Task> _answer;
    private readonly ConcurrentQueue<string> _requests = new();
    private Task _serving = Task.CompletedTask;

    private RawCamera(IPAddress address, Func<string, Stream, CancellationToken, Task> answer)
    {
        _listener = new TcpListener(address, 0);
        _answer = answer;
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The heads of the requests so far.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    public Uri Url(string userInfo = "") =>
        new(FormattableString.Invariant($"http://{(userInfo.Length > 0 ? userInfo + "@" : "")}127.0.0.1:{Port}/snap"));

    /// <param name="answer">Gets the head of the request and writes the answer. The connection closes when it returns.</param>
    /// <param name="address">Where to listen; by default 127.0.0.1.</param>
    public static RawCamera Start(Func<string, Stream, CancellationToken, Task> answer, IPAddress? address = null)
    {
        var camera = new RawCamera(address ?? IPAddress.Loopback, answer);
        camera._listener.Start();
        camera._serving = Task.Run(camera.AcceptAsync);
        return camera;
    }

    /// <param name="isLeftOpen">Whether the connection stays open after the answer.</param>
    /// <param name="parts">The answer to each request: text as Latin-1, or bytes.</param>
    public static RawCamera Start(bool isLeftOpen, params object[] parts) => Start(async (_, stream, stop) =>
    {
        foreach (var part in parts)
            await stream.WriteAsync(part as byte[] ?? Encoding.Latin1.GetBytes((string)part), stop);
        if (isLeftOpen)
            await Task.Delay(Timeout.Infinite, stop);
    });

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
            _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var head = new StringBuilder();
                using var reader = new StreamReader(client.GetStream(), Encoding.Latin1, leaveOpen: true);
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } line)
                    head.Append(line).Append('\n');
                _requests.Enqueue(head.ToString());
                await _answer(head.ToString(), client.GetStream(), _stop.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // The viewer has what it wants, or the test is over
            }
        }
    }
}

using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace SentinelCam.Tests.Support;

/// <summary>A network camera on a free loopback port, with answers chosen by the test.</summary>
public sealed class CameraServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _requests;

    private CameraServer(WebApplication app) => _app = app;

    /// <summary>The address of any path on it, such as <c>http://127.0.0.1:40001/video</c>.</summary>
    public Uri Url(string path = "/video") => new(new Uri(_app.Urls.First()), path);

    /// <summary>The same address with a user name and password in it.</summary>
    public Uri Url(string path, string userInfo) =>
        new(Url(path).AbsoluteUri.Replace("://", $"://{userInfo}@", StringComparison.Ordinal));

    public int Requests => Volatile.Read(ref _requests);

    public static async Task<CameraServer> StartAsync(RequestDelegate answer, int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var server = new CameraServer(builder.Build());
        server._app.Run(context =>
        {
            Interlocked.Increment(ref server._requests);
            return answer(context);
        });
        await server._app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}

using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace SentinelCam.Tests.Support;

/// <summary>A web server on a free loopback port that keeps what is sent to it.</summary>
public sealed class WebSink : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, IHeaderDictionary Headers, byte[] Body)> _requests = [];

    private WebSink(WebApplication app) => _app = app;

    /// <summary>The requests so far.</summary>
    public IReadOnlyList<(string Path, IHeaderDictionary Headers, byte[] Body)> Requests => [.. _requests];

    /// <summary>How it answers; with 200 unless a test sets it.</summary>
    public Func<HttpContext, Task> Answer { get; set; } = _ => Task.CompletedTask;

    /// <summary>Its address.</summary>
    public string Url(string path = "/") => _app.Urls.First() + path;

    public static async Task<WebSink> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var sink = new WebSink(builder.Build());
        sink._app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            await sink.Answer(context);
            sink._requests.Enqueue(
                (context.Request.Path, new HeaderDictionary(context.Request.Headers.ToDictionary()), body.ToArray()));
        });
        await sink._app.StartAsync();
        return sink;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}

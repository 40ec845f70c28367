using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace SentinelCam.Tests.Support;

/// <summary>An OAuth token endpoint on a free loopback port with configurable responses.</summary>
public sealed class TokenServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Dictionary<string, string>> _requests = new();

    private TokenServer(WebApplication app) => _app = app;

    public Uri Address => new(new Uri(_app.Urls.First()), "token");

    /// <summary>The response to each request, by its number, starting at 1.</summary>
    public Func<int, (int Status, string Body)> Answer { get; set; } = number =>
        (200, $$"""{"access_token":"access-{{number}}","expires_in":3600,"token_type":"Bearer"}""");

    /// <summary>The form fields of each request.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> Requests => [.. _requests];

    public static async Task<TokenServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var server = new TokenServer(builder.Build());
        server._app.Run(server.ServeAsync);
        await server._app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ServeAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        _requests.Enqueue(form.ToDictionary(field => field.Key, field => field.Value.ToString()));
        var (status, body) = Answer(_requests.Count);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body);
    }
}

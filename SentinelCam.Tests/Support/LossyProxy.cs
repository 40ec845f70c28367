using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using SentinelCam.Forwarding;

namespace SentinelCam.Tests.Support;

/// <summary>Stands between a device and its central SentinelCam, and loses what a test wants to be lost.</summary>
public sealed class LossyProxy : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(1) };
    private int _count;

    private LossyProxy(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    /// <summary>While true, connections break before anything is passed on.</summary>
    public bool IsOffline { get; set; }

    /// <summary>The status to answer a path with instead of passing it on; null passes it on.</summary>
    public Func<string, int?> Instead { get; set; } = _ => null;

    /// <summary>Whether a request takes too long for the proxy, which then answers 504 without passing it on.</summary>
    public Func<HttpRequest, bool> GivesUpOn { get; set; } = _ => false;

    /// <summary>Loses one of this many answers, after the central side has done its work; 0 loses none.</summary>
    public int LosesEach { get; set; }

    /// <summary>Answers are passed on once this is over.</summary>
    public Task HoldsBackUntil { get; set; } = Task.CompletedTask;

    /// <summary>How many answers were lost.</summary>
    public int Lost { get; private set; }

    /// <summary>The first body that was passed on, and where it went.</summary>
    public (string Path, byte[] Body)? First { get; private set; }

    public static async Task<LossyProxy> StartAsync(Uri central)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var proxy = new LossyProxy(app);
        app.Run(context => proxy.PassAsync(context, central));
        await app.StartAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task PassAsync(HttpContext context, Uri central)
    {
        if (IsOffline)
        {
            context.Abort();
            return;
        }

        if (Instead(context.Request.Path) is { } status)
        {
            context.Response.StatusCode = status;
            return;
        }

        if (GivesUpOn(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
            return;
        }

        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        using var copy = new MemoryStream();
        await context.Request.Body.CopyToAsync(copy);
        var body = copy.ToArray();
        First ??= (context.Request.Path, body);
        var target = new Uri(central, $"{context.Request.Path}{context.Request.QueryString}");
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), target);
        request.Content = new ByteArrayContent(body);
        request.Headers.TryAddWithoutValidation("Authorization", context.Request.Headers.Authorization.ToString());
        using var answer = await _http.SendAsync(request);
        await HoldsBackUntil;
        if (LosesEach > 0 && Interlocked.Increment(ref _count) % LosesEach == 0)
        {
            Lost++;
            context.Abort();
            return;
        }

        context.Response.StatusCode = (int)answer.StatusCode;
        if (answer.Headers.TryGetValues(ReportedEntry.VersionHeader, out var version))
            context.Response.Headers[ReportedEntry.VersionHeader] = version.Single();
        if (answer.StatusCode is not HttpStatusCode.NoContent)
            await context.Response.Body.WriteAsync(await answer.Content.ReadAsByteArrayAsync());
    }
}

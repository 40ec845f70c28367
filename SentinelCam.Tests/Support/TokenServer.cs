using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace SentinelCam.Tests.Support;

/// <summary>An OAuth token endpoint on loopback that answers as it is told.</summary>
public sealed class TokenServer : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<Dictionary<string, string>> _requests = new();
    private readonly Task _serving;

    private TokenServer()
    {
        // HttpListener takes no port 0
        for (var tries = 0; ; tries++)
        {
            var port = Random.Shared.Next(20_000, 60_000);
            _listener.Prefixes.Clear();
            _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            try
            {
                _listener.Start();
                Address = new Uri($"http://127.0.0.1:{port}/token");
                break;
            }
            catch (HttpListenerException) when (tries < 50)
            {
                // The port is taken
            }
        }

        _serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>What it answers to the request of a number, from 1 on.</summary>
    public Func<int, (int Status, string Body)> Answer { get; set; } = number => (200, $$"""{"access_token":"access-{{number}}","expires_in":3600,"token_type":"Bearer"}""");

    /// <summary>The fields of each request.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> Requests => [.. _requests];

    public static TokenServer Start() => new();

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var reader = new StreamReader(context.Request.InputStream);
            _requests.Enqueue(QueryHelpers.ParseQuery(await reader.ReadToEndAsync()).ToDictionary(field => field.Key, field => field.Value.ToString()));
            var (status, body) = Answer(_requests.Count);
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
            context.Response.Close();
        }
    }
}

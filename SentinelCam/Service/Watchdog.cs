using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting.Systemd;

namespace SentinelCam.Service;

/// <summary>
/// Tells systemd that the site is alive, each time that the site has answered. <c>/healthz</c> reads and writes the database and
/// the jobs, so a site that hangs at one of them is started again.
/// </summary>
/// <remarks>
/// Any answer counts, also one that says what is broken: another start would not free a full disk. <c>/healthz</c> reports that.
/// </remarks>
/// <param name="notifier">The connection to systemd.</param>
/// <param name="server">Knows where the site listens.</param>
/// <param name="lifetime">Tells when it does.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
/// <param name="limit">After how long without a sign of life systemd ends this process.</param>
internal sealed class Watchdog(
    ISystemdNotifier notifier, IServer server, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Watchdog> logger,
    TimeSpan limit) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await WhenStartedAsync(stoppingToken);
        if (FindAddress() is not { } address)
            throw new InvalidOperationException("The site listens nowhere.");
        using var site = Connect(address);
        // An answer may take one third of the limit, and the pause another one
        var third = limit / 3;
        while (!stoppingToken.IsCancellationRequested)
        {
            if (await AnswersAsync(site, address, third, stoppingToken))
                notifier.Notify(new ServiceState("WATCHDOG=1"));
            await Task.Delay(third, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WhenStartedAsync(CancellationToken stoppingToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStarted);
        await Task.Delay(Timeout.InfiniteTimeSpan, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stoppingToken.ThrowIfCancellationRequested();
    }

    private BindingAddress? FindAddress() =>
        server.Features.Get<IServerAddressesFeature>()?.Addresses.Select(BindingAddress.Parse).FirstOrDefault();

    private async Task<bool> AnswersAsync(
        HttpClient site, BindingAddress address, TimeSpan patience, CancellationToken stoppingToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        limited.CancelAfter(patience);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, new Uri(address.Scheme + "://localhost/healthz"));
            using var answer = await site.SendAsync(request, limited.Token);
            return true;
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            if (!stoppingToken.IsCancellationRequested)
                logger.LogError("The site did not answer itself: {Problem}", error.Message.ReplaceLineEndings(" "));
            return false;
        }
    }

    /// <summary>A client for the address, with a new connection for each request.</summary>
    private static HttpClient Connect(BindingAddress address) => new(new SocketsHttpHandler
    {
        ConnectCallback = (_, cancellationToken) => ConnectAsync(address, cancellationToken),
        PooledConnectionLifetime = TimeSpan.Zero,
        UseProxy = false,
        UseCookies = false,
        // The certificate is the site's own, and for another name
        SslOptions = new() { RemoteCertificateValidationCallback = (_, own, _, _) => own is not null },
    });

    private static async ValueTask<Stream> ConnectAsync(BindingAddress address, CancellationToken cancellationToken)
    {
        var socket = address.IsUnixPipe
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (address.IsUnixPipe)
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(address.UnixPipePath), cancellationToken);
            else if (IPAddress.TryParse(address.Host, out var ip) && !ip.Equals(IPAddress.Any) && !ip.Equals(IPAddress.IPv6Any))
                await socket.ConnectAsync(ip, address.Port, cancellationToken);
            else
                // A name means all addresses of this machine, except for localhost
                await socket.ConnectAsync("localhost", address.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

using System.Data.Common;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Visitors;

namespace SentinelCam.LoginAttempts;

/// <summary>
/// Looks up forgotten passwords after the answer has left, one at a time. So neither the answer nor its time depends on whether
/// there is an account. A request that waits when SentinelCam stops is lost, and its visitor asks again.
/// </summary>
public sealed class ForgottenPasswords(IServiceScopeFactory scopes, ILogger<ForgottenPasswords> logger) : BackgroundService
{
    /// <summary>The most requests that wait. Further ones are dropped, with the same answer.</summary>
    public const int MaxWaiting = 1000;

    private readonly Channel<Request> _waiting = Channel.CreateBounded<Request>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true });

    /// <summary>Queues a request.</summary>
    /// <param name="email">The address, as typed.</param>
    /// <param name="site">The address of the site, which starts the link.</param>
    /// <param name="visitor">Who asks.</param>
    public void Add(string email, string site, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        if (!_waiting.Writer.TryWrite(new Request(email, site, visitor)))
            logger.LogWarning("A request for a new password was dropped, because {Count} others wait", MaxWaiting);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var request in _waiting.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                await scope.ServiceProvider.GetRequiredService<PasswordReset>()
                    .SendLinkAsync(request.Email, request.Site, request.Visitor);
            }
            // The last one: SQLite rolls back by itself if the disk is full, and its provider notices at the commit
            catch (Exception error) when (error is DbException or DbUpdateException or InvalidOperationException)
            {
                logger.LogError(
                    "A link to set a new password could not be made: {Problem}", (error.InnerException ?? error).Message);
            }
        }
    }

    private sealed record Request(string Email, string Site, Visitor Visitor);
}

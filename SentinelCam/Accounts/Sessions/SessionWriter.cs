using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Accounts;

/// <summary>Writes <see cref="PendingSessions"/> once a minute, and when the app stops.</summary>
internal sealed class SessionWriter(
    IServiceScopeFactory scopes, PendingSessions pending, TimeProvider time, ILogger<SessionWriter> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(PendingSessions.Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await WriteAsync();
        }
        catch (OperationCanceledException)
        {
            await WriteAsync();
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await pending.WriteAsync(scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>());
        }
        catch (Exception error) when (error is DbException or DbUpdateException)
        {
            logger.LogWarning("Sessions could not be written; the next try is in a minute: {Problem}",
                (error.InnerException ?? error).Message);
        }
    }
}

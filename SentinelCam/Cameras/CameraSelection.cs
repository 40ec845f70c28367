using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Cameras;

/// <summary>Selects the camera: the configured one, otherwise the one that an administrator has chosen on the site.</summary>
public sealed class CameraSelection(
    bool isConfigured,
    RtspTransport transport,
    CameraFeed feed,
    LiveNodes nodes,
    IServiceScopeFactory scopes,
    IDataProtectionProvider protection,
    OpenCvLibrary library,
    StuckThreads stuckThreads,
    IHostEnvironment environment,
    TimeProvider time,
    ILogger<CameraSelection> logger) : IHostedService, IDisposable
{
    private const int MaxLength = 1000;

    private readonly IDataProtector _protector = protection.CreateProtector("SentinelCam.CameraChoice");
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Whether <c>Camera:Source</c> is set. It overrides a choice on the site.</summary>
    public bool IsConfigured => isConfigured;

    /// <summary>Validates a source like the configured one, stores it, and switches to it.</summary>
    /// <param name="value">A value as <c>Camera:Source</c> takes it.</param>
    /// <param name="accountId">The account that chose it.</param>
    /// <returns>Null, or why the source was not accepted. The text leaves out the value, which may contain a password.</returns>
    public async Task<string?> ChooseAsync(string? value, long accountId)
    {
        var (source, problem) = Read(value);
        if (source is null)
            return problem;

        await _turn.WaitAsync();
        try
        {
            await StoreAsync(value!.Trim(), accountId);
            Apply(source);
        }
        finally
        {
            _turn.Release();
        }
        logger.LogInformation("Camera source {Source} chosen by account {AccountId}", feed.Status.Source, accountId);
        return null;
    }

    /// <summary>Validates a source in the same way and makes its camera, which is neither opened nor chosen.</summary>
    /// <returns>The camera, or why the source was not accepted.</returns>
    internal (ICamera? Camera, string? Problem) Make(string? value)
    {
        var (source, problem) = Read(value);
        return (source?.Create(time, library, stuckThreads, transport), problem);
    }

    /// <summary>Switches to the stored choice. If it cannot be read, the app starts without it.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (isConfigured)
            return;
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var choice = await FindAsync(db, cancellationToken);
        if (choice is null)
        {
            // On PostgreSQL: another name is another device, which may only be switched off
            if (await db.CameraChoices.Select(c => c.Node).ToListAsync(cancellationToken) is { Count: > 0 } others)
            {
                logger.LogInformation("No camera was chosen for {Node}. There are choices for {Others}. If this device was "
                    + "renamed, choose its camera again on /admin/camera", nodes.Self, others);
            }

            return;
        }

        // It stays this node's when others join, or after a change of its name
        if (choice.Node != nodes.Self)
        {
            choice.Node = nodes.Self;
            await db.SaveChangesAsync(cancellationToken);
        }

        try
        {
            Apply(CameraSource.Parse(_protector.Unprotect(choice.ProtectedSource), environment, mayBeAbsent: true));
        }
        catch (Exception error) when (error is CryptographicException or ConfigurationException)
        {
            logger.LogError(
                "The camera source that was chosen on the site cannot be read ({Problem}). Choose it again on /admin/camera",
                error.GetType().Name);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public void Dispose() => _turn.Dispose();

    private (CameraSource? Source, string? Problem) Read(string? value)
    {
        if (isConfigured)
            return (null, "Camera:Source is set in the configuration and overrides a choice made here.");
        if (string.IsNullOrWhiteSpace(value) || value.Length > MaxLength)
            return (null, "Enter a source of up to 1000 characters.");
        try
        {
            return (CameraSource.Parse(value, environment), null);
        }
        catch (ConfigurationException error)
        {
            return (null, $"That is not a valid source. Allowed: {error.Allowed}");
        }
    }

    /// <summary>This node's choice. On SQLite, the only node has any, so that it can be renamed.</summary>
    private async Task<CameraChoice?> FindAsync(SentinelCamDbContext db, CancellationToken cancellationToken)
    {
        var choices = await db.CameraChoices.ToListAsync(cancellationToken);
        return choices.Find(c => c.Node == nodes.Self) ?? (nodes.AreSeveral ? null : choices.FirstOrDefault());
    }

    private async Task StoreAsync(string value, long accountId)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var choice = await FindAsync(db, CancellationToken.None) ?? db.Add(new CameraChoice { ProtectedSource = "" }).Entity;
        (choice.Node, choice.ProtectedSource) = (nodes.Self, _protector.Protect(value));
        (choice.ChosenAt, choice.ChosenById) = (time.GetUtcNow(), accountId);
        // The source may contain a password
        scope.ServiceProvider.GetRequiredService<ActivityLog>()
            .Add(accountId, ActivityKind.CameraChosen, by: ActivityActor.Owner);
        await db.SaveChangesAsync();
    }

    private void Apply(CameraSource source) => feed.Switch(source.Create(time, library, stuckThreads, transport));
}

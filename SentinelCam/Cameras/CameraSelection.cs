using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Cameras.Frames;
using SentinelCam.Cameras.Sources;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Cameras;

/// <summary>Which camera it is: the configured one, or else the one that an administrator has chosen on the site.</summary>
public sealed class CameraSelection(
    bool isConfigured, CameraFeed feed, IServiceScopeFactory scopes, IDataProtectionProvider protection, OpenCvLibrary library,
    StuckThreads stuckThreads, IHostEnvironment environment, TimeProvider time, ILogger<CameraSelection> logger) : IHostedService, IDisposable
{
    private const int MaxLength = 1000;

    private readonly IDataProtector _protector = protection.CreateProtector("SentinelCam.CameraChoice");
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Whether <c>Camera:Source</c> is set: then a choice on the site has no effect.</summary>
    public bool IsConfigured => isConfigured;

    /// <summary>Checks a source as the configuration is checked, stores it, and opens it in place of the present one.</summary>
    /// <param name="value">What <c>Camera:Source</c> would be.</param>
    /// <param name="accountId">Who has chosen it.</param>
    /// <returns>Null, or what would have been accepted; without the value, which may hold a password.</returns>
    public async Task<string?> ChooseAsync(string? value, long accountId)
    {
        if (isConfigured)
            return "Camera:Source is set in the configuration, which goes before a choice made here.";
        if (string.IsNullOrWhiteSpace(value) || value.Length > MaxLength)
            return "Enter a source of up to 1000 characters.";
        CameraSource source;
        try
        {
            source = CameraSource.Parse(value, environment);
        }
        catch (ConfigurationException error)
        {
            return $"That is no source. Allowed: {error.Allowed}";
        }

        await _turn.WaitAsync();
        try
        {
            await StoreAsync(value.Trim(), accountId);
            Apply(source);
        }
        finally
        {
            _turn.Release();
        }
        logger.LogInformation("Camera source {Source} chosen by account {AccountId}", feed.Status.Source, accountId);
        return null;
    }

    /// <summary>Puts the stored choice in place. A choice that cannot be read does not stop the start.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (isConfigured)
            return;
        await using var scope = scopes.CreateAsyncScope();
        var choice = await scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>().CameraChoices.AsNoTracking().SingleOrDefaultAsync(cancellationToken);
        if (choice is null)
            return;
        try
        {
            Apply(CameraSource.Parse(_protector.Unprotect(choice.ProtectedSource), environment, mayBeAbsent: true));
        }
        catch (Exception error) when (error is CryptographicException or ConfigurationException)
        {
            logger.LogError("The camera source that was chosen on the site cannot be read ({Problem}); choose it again on /admin/camera", error.GetType().Name);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public void Dispose() => _turn.Dispose();

    private async Task StoreAsync(string value, long accountId)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var choice = await db.CameraChoices.SingleOrDefaultAsync() ?? db.Add(new CameraChoice { ProtectedSource = "" }).Entity;
        (choice.ProtectedSource, choice.ChosenAt, choice.ChosenById) = (_protector.Protect(value), time.GetUtcNow(), accountId);
        await db.SaveChangesAsync();
    }

    private void Apply(CameraSource source) => feed.Switch(source.Create(time, library, stuckThreads));
}

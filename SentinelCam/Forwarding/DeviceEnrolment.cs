using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Forwarding;

/// <summary>The result of a request for a device's code.</summary>
public enum DeviceInvitationOutcome
{
    Invited,

    /// <summary>The name is empty or too long.</summary>
    BadName,

    /// <summary>A device that is not revoked has the name.</summary>
    NameTaken,

    /// <summary>There is nobody for whom it could report, or one of them is no approved account.</summary>
    NoOwners,
}

/// <summary>
/// The devices that report to this SentinelCam. An administrator names a device and makes a one-time code, which is traded for
/// the device's token. The database has the hashes of both.
/// </summary>
public sealed class DeviceEnrolment(SentinelCamDbContext db, ActivityLog activity, TimeProvider time)
{
    /// <summary>How long a code can be traded.</summary>
    public static readonly TimeSpan CodeLifetime = TimeSpan.FromMinutes(15);

    private const string Letters = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";

    /// <summary>All devices, those that report first.</summary>
    public async Task<IReadOnlyList<ReportingDevice>> ListAsync()
    {
        var now = time.GetUtcNow();
        return await db.ReportingDevices.AsNoTracking().Include(d => d.Owners)
            // A code that was never traded leaves nothing behind
            .Where(d => d.EnrolledAt != null || d.CodeExpiresAt > now)
            .OrderBy(d => d.RevokedAt != null).ThenBy(d => d.Name).ThenBy(d => d.Id).ToListAsync();
    }

    /// <summary>Makes the code for a new device.</summary>
    /// <param name="name">What pages and mails will call it.</param>
    /// <param name="owners">The accounts that it may report for.</param>
    /// <param name="forAdministrators">Whether it may report attempts that belong to no account.</param>
    /// <returns>The outcome, and the code if there is one.</returns>
    public async Task<(DeviceInvitationOutcome Outcome, string? Code)> InviteAsync(
        string? name, IReadOnlyCollection<long> owners, bool forAdministrators)
    {
        ArgumentNullException.ThrowIfNull(owners);
        name = VisitorText.Clean(name, ReportingDevice.MaxNameLength + 1).Trim();
        if (name.Length is 0 or > ReportingDevice.MaxNameLength)
            return (DeviceInvitationOutcome.BadName, null);
        var wanted = owners.Distinct().ToList();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var now = time.GetUtcNow();
        if ((wanted.Count == 0 && !forAdministrators)
            || await db.Users.CountAsync(a => wanted.Contains(a.Id) && a.ApprovedAt != null) != wanted.Count)
        {
            return (DeviceInvitationOutcome.NoOwners, null);
        }

        await db.ReportingDevices.Where(d => d.EnrolledAt == null && d.CodeExpiresAt <= now).ExecuteDeleteAsync();
        if (await db.ReportingDevices.AnyAsync(d => d.Name == name && d.RevokedAt == null))
            return (DeviceInvitationOutcome.NameTaken, null);
        var code = string.Join('-', RandomNumberGenerator.GetString(Letters, 16).Chunk(4).Select(group => new string(group)));
        var device = new ReportingDevice
        {
            Name = name,
            CreatedAt = now,
            CodeHash = RandomKey.HashOf(code),
            CodeExpiresAt = now + CodeLifetime,
            ForAdministrators = forAdministrators,
        };
        device.Owners.AddRange(wanted.Select(id => new ReportingDeviceOwner { AccountId = id }));
        db.Add(device);
        activity.Add(null, ActivityKind.DeviceInvited, name);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        return (DeviceInvitationOutcome.Invited, code);
    }

    /// <summary>Trades a code for the device's token, once.</summary>
    /// <returns>The device's name and its token; null if the code is unknown, used or expired.</returns>
    public async Task<(string Name, string Token)?> EnrolAsync(string? code)
    {
        var hash = RandomKey.HashOf(code?.Trim().ToUpperInvariant() ?? "");
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await db.ReportingDevices.SingleOrDefaultAsync(d => d.CodeHash == hash) is not { RevokedAt: null } device
            || device.CodeExpiresAt <= now)
        {
            return null;
        }

        var token = RandomKey.New();
        (device.CodeHash, device.TokenHash, device.EnrolledAt) = (null, RandomKey.HashOf(token), now);
        activity.Add(null, ActivityKind.DeviceEnrolled, device.Name);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        return (device.Name, token);
    }

    /// <summary>Ends a device's token, or its code if that was not traded. What it has reported stays.</summary>
    /// <returns>False if there is no such device, or it was revoked before.</returns>
    public async Task<bool> RevokeAsync(long id)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await db.ReportingDevices.SingleOrDefaultAsync(d => d.Id == id && d.RevokedAt == null) is not { } device)
            return false;
        (device.RevokedAt, device.CodeHash) = (time.GetUtcNow(), null);
        activity.Add(null, ActivityKind.DeviceRevoked, device.Name);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        return true;
    }

    /// <returns>The device with this token, which may have been revoked; null if there is none.</returns>
    public async Task<ReportingDevice?> FindAsync(string token)
    {
        var hash = RandomKey.HashOf(token);
        return await db.ReportingDevices.AsNoTracking().SingleOrDefaultAsync(d => d.TokenHash == hash);
    }
}

using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Accounts;

/// <summary>
/// Limits the requests for accounts that await approval, for each network and in total: more would bury the honest ones and fill
/// the disk. Requests that nobody answers expire, so that nobody can block registration for good.
/// </summary>
public sealed class WaitingRequests(TimeProvider time, ILogger<WaitingRequests> logger)
{
    /// <summary>The maximum number from one IPv4 address or IPv6 /48.</summary>
    public const int MaxPerNetwork = 10;

    /// <summary>How long a request waits for an answer.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    /// <summary>The most networks that are remembered; the total limit protects against more.</summary>
    private const int MaxNetworks = 1000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<DateTimeOffset>> _futile = new(StringComparer.Ordinal);

    /// <summary>The network by which a visitor's requests are counted.</summary>
    public static string NetworkOf(Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        return RemoteNetwork.SiteOf(visitor.RemoteAddress);
    }

    /// <summary>
    /// Counts a request for an address that already has an account. Nothing is stored for it, but if it took no place, the number
    /// of requests until the refusal would reveal which addresses have accounts.
    /// </summary>
    public void AddFutile(Visitor visitor)
    {
        lock (_lock)
        {
            if (_futile.Count >= MaxNetworks)
                _futile.Clear();
            var network = NetworkOf(visitor);
            if (!_futile.TryGetValue(network, out var times))
                _futile[network] = times = [];
            times.Add(time.GetUtcNow());
        }
    }

    /// <summary>Whether one more request from the visitor's network can wait. Expired requests are not counted.</summary>
    public async Task<bool> HasRoomAsync(SentinelCamDbContext db, Visitor visitor)
    {
        ArgumentNullException.ThrowIfNull(db);
        var network = NetworkOf(visitor);
        var since = time.GetUtcNow() - Lifetime;
        var open = db.Users.Where(a => a.ApprovedAt == null && (a.RegisteredFrom == null || a.RegisteredAt > since));
        return await open.CountAsync() < Registration.MaxWaiting
            && await open.CountAsync(a => a.RegisteredFrom == network) + CountFutile(network, since) < MaxPerNetwork;
    }

    /// <summary>Removes the requests that nobody has answered. Suspended accounts stay.</summary>
    public async Task RemoveExpiredAsync(SentinelCamDbContext db, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(db);
        var since = time.GetUtcNow() - Lifetime;
        var expired = await db.Users.Where(a => a.ApprovedAt == null && a.RegisteredFrom != null && a.RegisteredAt <= since)
            .ExecuteDeleteAsync(cancellationToken);
        if (expired > 0)
            logger.LogInformation("{Count} requests for an account expired, because no administrator answered them", expired);
    }

    private int CountFutile(string network, DateTimeOffset since)
    {
        lock (_lock)
        {
            if (!_futile.TryGetValue(network, out var times))
                return 0;
            times.RemoveAll(at => at <= since);
            if (times.Count == 0)
                _futile.Remove(network);
            return times.Count;
        }
    }
}

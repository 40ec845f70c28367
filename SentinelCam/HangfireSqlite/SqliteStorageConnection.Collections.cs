using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>Sets, hashes, lists and counters.</summary>
internal sealed partial class SqliteStorageConnection
{
    public override HashSet<string> GetAllItemsFromSet(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new HashSet<string>(Texts(Sql.GetSet, key), StringComparer.Ordinal);
    }

    public override string? GetFirstByLowestScoreFromSet(string key, double fromScore, double toScore) =>
        GetFirstByLowestScoreFromSet(key, fromScore, toScore, 1).FirstOrDefault();

    public override List<string> GetFirstByLowestScoreFromSet(string key, double fromScore, double toScore, int count)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (toScore < fromScore) throw new ArgumentException("The highest score is below the lowest.", nameof(toScore));
        if (count <= 0) throw new ArgumentException("The count must be positive.", nameof(count));

        if (key == DueJobs.Schedule) toScore = DueJobs.ExactLimit(toScore, storage.UtcNow);
        return Texts(Sql.LowestOfSet, key, fromScore, toScore, count);
    }

    public override long GetSetCount(string key) => Count(Sql.CountSet, key);

    public override long GetSetCount(IEnumerable<string> keys, int limit)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentOutOfRangeException.ThrowIfNegative(limit);

        var wanted = keys.ToArray();
        return storage.Read(session =>
        {
            var count = 0L;
            foreach (var key in wanted)
            {
                if (count >= limit) break;
                count += session.Scalar<long>(Sql.CountSetUpTo, key, limit - count);
            }

            return count;
        });
    }

    public override bool GetSetContains(string key, string value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        return storage.Read(session => session.Scalar<long>(Sql.SetContains, key, value)) == 1;
    }

    public override List<string> GetRangeFromSet(string key, int startingFrom, int endingAt) =>
        Range(Sql.RangeOfSet, key, startingFrom, endingAt);

    public override TimeSpan GetSetTtl(string key) => TimeToLive("set", key);

    public override void SetRangeInHash(string key, IEnumerable<KeyValuePair<string, string?>> keyValuePairs)
    {
        using var transaction = new SqliteWriteTransaction(this);
        transaction.SetRangeInHash(key, keyValuePairs);
        transaction.Commit();
    }

    public override Dictionary<string, string?>? GetAllEntriesFromHash(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var fields = storage.Read(session => session.Query(
            Sql.GetHash, static row => KeyValuePair.Create(row.Text(0), row.NullableText(1)), key));
        return fields.Count == 0 ? null : new Dictionary<string, string?>(fields, StringComparer.Ordinal);
    }

    public override string? GetValueFromHash(string key, string name)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(name);
        return storage.Read(session => session.Scalar<string>(Sql.GetField, key, name));
    }

    public override long GetHashCount(string key) => Count(Sql.CountHash, key);

    public override TimeSpan GetHashTtl(string key) => TimeToLive("hash", key);

    public override long GetListCount(string key) => Count(Sql.CountList, key);

    public override List<string> GetAllItemsFromList(string key) => Range(Sql.RangeOfList, key, 0, int.MaxValue);

    public override List<string> GetRangeFromList(string key, int startingFrom, int endingAt) =>
        Range(Sql.RangeOfList, key, startingFrom, endingAt);

    public override TimeSpan GetListTtl(string key) => TimeToLive("list", key);

    public override long GetCounter(string key) => Count(Sql.GetCounter, key);

    private long Count(string sql, string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return storage.Read(session => session.Scalar<long>(sql, key));
    }

    private List<string> Range(string sql, string key, int from, int to)
    {
        ArgumentNullException.ThrowIfNull(key);
        var first = Math.Max(from, 0);
        return Texts(sql, key, Math.Max((long)to - first + 1, 0), first);
    }

    private List<string> Texts(string sql, params object?[] arguments) =>
        storage.Read(session => session.Query(sql, static row => row.Text(0), arguments));

    /// <returns><see cref="Timeout.InfiniteTimeSpan"/> when the key has no end.</returns>
    private TimeSpan TimeToLive(string kind, string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var expireAt = storage.Read(session => session.Scalar<long?>(Sql.GetExpiration, kind, key));
        if (expireAt is null) return Timeout.InfiniteTimeSpan;

        var left = StoredValues.ToUtc(expireAt.Value) - storage.UtcNow.UtcDateTime;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}

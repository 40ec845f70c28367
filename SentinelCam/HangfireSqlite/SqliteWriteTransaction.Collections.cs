using SentinelCam.HangfireSqlite.Database;

namespace SentinelCam.HangfireSqlite;

/// <summary>Counters, sets, lists and hashes.</summary>
internal sealed partial class SqliteWriteTransaction
{
    public override void IncrementCounter(string key) => AddToCounter(key, 1, null);

    public override void IncrementCounter(string key, TimeSpan expireIn) => AddToCounter(key, 1, expireIn);

    public override void DecrementCounter(string key) => AddToCounter(key, -1, null);

    public override void DecrementCounter(string key, TimeSpan expireIn) => AddToCounter(key, -1, expireIn);

    public override void AddToSet(string key, string value) => AddToSet(key, value, 0);

    public override void AddToSet(string key, string value, double score)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        if (key == Schedule)
        {
            _scheduled = true;
            if (_dueTimes?.TryGetValue(value, out var due) is true && Math.Floor(due) == score) score = due;
            // Hangfire's scheduler looks from 1970 on: what was due earlier is due at once
            score = Math.Max(score, 0);
        }

        _commands.Add(session => session.Execute(Sql.AddToSet, key, value, score));
    }

    public override void AddRangeToSet(string key, IList<string> items)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(items);
        var values = items.ToArray();
        if (values.Contains(null)) throw new ArgumentException("An item of a set cannot be null.", nameof(items));

        _commands.Add(session =>
        {
            foreach (var value in values) session.Execute(Sql.AddToSet, key, value, 0.0);
        });
    }

    public override void RemoveFromSet(string key, string value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        _commands.Add(session =>
        {
            if (session.Execute(Sql.RemoveFromSet, key, value) > 0) session.Execute(Sql.PersistEmptySet, key);
        });
    }

    public override void RemoveSet(string key) => Remove(Sql.RemoveSet, "set", key);

    public override void ExpireSet(string key, TimeSpan expireIn) =>
        Expire(Sql.ExpireSet, Sql.RemoveSet, "set", key, expireIn);

    public override void PersistSet(string key) => Persist("set", key);

    public override void InsertToList(string key, string value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        _commands.Add(session => session.Execute(Sql.InsertToList, key, value));
    }

    public override void RemoveFromList(string key, string value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        _commands.Add(session =>
        {
            if (session.Execute(Sql.RemoveFromList, key, value) > 0) session.Execute(Sql.PersistEmptyList, key);
        });
    }

    public override void TrimList(string key, int keepStartingFrom, int keepEndingAt)
    {
        ArgumentNullException.ThrowIfNull(key);
        var from = Math.Max(keepStartingFrom, 0);
        var count = Math.Max((long)keepEndingAt - from + 1, 0);
        _commands.Add(session =>
        {
            if (session.Execute(Sql.TrimList, key, count, from) > 0) session.Execute(Sql.PersistEmptyList, key);
        });
    }

    public override void ExpireList(string key, TimeSpan expireIn) =>
        Expire(Sql.ExpireList, Sql.RemoveList, "list", key, expireIn);

    public override void PersistList(string key) => Persist("list", key);

    public override void SetRangeInHash(string key, IEnumerable<KeyValuePair<string, string?>> keyValuePairs)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(keyValuePairs);
        var fields = keyValuePairs.ToArray();
        _commands.Add(session =>
        {
            foreach (var (field, value) in fields) session.Execute(Sql.SetField, key, field, value);
        });
    }

    public override void RemoveHash(string key) => Remove(Sql.RemoveHash, "hash", key);

    public override void ExpireHash(string key, TimeSpan expireIn) =>
        Expire(Sql.ExpireHash, Sql.RemoveHash, "hash", key, expireIn);

    public override void PersistHash(string key) => Persist("hash", key);

    private void AddToCounter(string key, long amount, TimeSpan? expireIn)
    {
        ArgumentNullException.ThrowIfNull(key);
        long? expireAt = expireIn is { } time ? WholeMinute(In(time)) : null;
        _commands.Add(session =>
        {
            if (session.Execute(Sql.AddToCounterWithSameEnd, amount, key, expireAt) == 0)
                session.Execute(Sql.AddToCounter, key, amount, expireAt);
            if (amount < 0) session.Execute(Sql.DeleteEmptyCounter, key);
        });
    }

    private void Remove(string sql, string kind, string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        _commands.Add(session =>
        {
            if (session.Execute(sql, key) > 0) session.Execute(Sql.Persist, kind, key);
        });
    }

    private void Expire(string expireSql, string removeSql, string kind, string key, TimeSpan expireIn)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (expireIn <= TimeSpan.Zero)
        {
            Remove(removeSql, kind, key);
            return;
        }

        var expireAt = In(expireIn);
        _commands.Add(session => session.Execute(expireSql, key, expireAt));
    }

    private void Persist(string kind, string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        _commands.Add(session => session.Execute(Sql.Persist, kind, key));
    }

    // The statistics' counters get a new end with each job, which would change their index with each
    private static long WholeMinute(long time) => (time / TimeSpan.TicksPerMinute + 1) * TimeSpan.TicksPerMinute;
}

using System.Data.Common;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using SentinelCam.Configuration;

namespace SentinelCam.Data;

/// <summary>
/// What differs between the databases: preparing them, searching text, and their errors. All other SQL is valid on both, with
/// names in quotes.
/// </summary>
public abstract class DatabaseDialect
{
    /// <summary>Whether the database is a file of the data directory.</summary>
    public abstract bool IsFile { get; }

    /// <summary>The file that is the database, which SentinelCam itself copies and checks; null on a server.</summary>
    public abstract string? FileIn(DataDirectory data);

    /// <summary>The database in words, for a message to the operator.</summary>
    public abstract string Describe(SentinelCamDbContext db, DataDirectory data);

    /// <summary>The line that stops the start if the database cannot be used.</summary>
    public abstract ConfigurationException Unusable(SentinelCamDbContext db, DataDirectory data, string problem);

    /// <summary>The line that stops the start if the database belongs to a newer SentinelCam.</summary>
    public abstract ConfigurationException TooNew(SentinelCamDbContext db, DataDirectory data, string problem);

    /// <summary>Brings the schema up to date.</summary>
    /// <exception cref="DbException">The database cannot be read or written.</exception>
    public abstract Task PrepareAsync(SentinelCamDbContext db, ILogger logger);

    /// <summary>Whether <c>SentinelCam import-data</c> has begun and not ended, so that pictures are missing.</summary>
    public virtual Task<bool> HasUnfinishedImportAsync(SentinelCamDbContext db) => Task.FromResult(false);

    /// <summary>
    /// Makes the first key, if several processes would otherwise each make one at their first start. Data Protection makes all
    /// others.
    /// </summary>
    public virtual Task MakeFirstKeyAsync(SentinelCamDbContext db, IKeyManager keys, TimeProvider time) => Task.CompletedTask;

    /// <summary>Writes as recording an attempt does, without a change to the data or a signal of a commit.</summary>
    /// <exception cref="DbException">The database cannot be written; the message says why.</exception>
    public abstract Task CheckWritableAsync(SentinelCamDbContext db);

    /// <summary>Reads the whole database for damage, as far as that is SentinelCam's task.</summary>
    /// <returns>Null if there is none.</returns>
    public abstract Task<string?> FindDamageAsync(SentinelCamDbContext db);

    /// <summary>The bytes that the database takes.</summary>
    public abstract long ReadSize(SentinelCamDbContext db, DataDirectory data);

    /// <summary>The free pages that retention gives back to the disk.</summary>
    public abstract Task<int> CountFreePagesAsync(SentinelCamDbContext db);

    /// <summary>The names of the nodes with a heartbeat within a time, or ever; none where there is only one process.</summary>
    public abstract Task<IReadOnlyList<string>> ReadNodesSeenAsync(
        SentinelCamDbContext db, TimeSpan? within, CancellationToken cancellationToken);

    /// <summary>The statement's parts that find entries by text, newest first. The entry is <c>e</c>.</summary>
    /// <param name="search">What is searched.</param>
    /// <param name="add">Adds a parameter and returns its place in the SQL.</param>
    public abstract SearchSql SearchEntries(EntrySearch search, Func<object, string> add);

    /// <summary>The statement's parts that find lines of activity, newest first. The line is <c>a</c>.</summary>
    /// <param name="search">What is searched.</param>
    /// <param name="add">Adds a parameter and returns its place in the SQL.</param>
    public abstract SearchSql SearchActivity(ActivitySearch search, Func<object, string> add);

    /// <summary>Runs a statement that these parts are in.</summary>
    /// <param name="db">The context that the query uses, without a transaction.</param>
    /// <param name="query">The query. It may run twice.</param>
    public virtual Task<T> SearchAsync<T>(SentinelCamDbContext db, Func<Task<T>> query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return query();
    }
}

/// <summary>Parts of a <c>SELECT</c> statement.</summary>
/// <param name="From">The tables.</param>
/// <param name="Conditions">To be joined by <c>AND</c>.</param>
/// <param name="Order">The columns of <c>ORDER BY</c>.</param>
public sealed record SearchSql(string From, IReadOnlyList<string> Conditions, string Order);

/// <summary>Which entries to find by text.</summary>
/// <param name="OwnerId">Null: entries of no account.</param>
/// <param name="Spellings">The text in one or more spellings, without capitals of ASCII, of at least three characters.</param>
/// <param name="Before">Only entries before this place.</param>
/// <param name="Start">Only entries at this time or later, in milliseconds since 1970; null for any.</param>
/// <param name="End">Only entries before this time; null for any.</param>
public sealed record EntrySearch(
    long? OwnerId, IReadOnlyList<string> Spellings, LogPlace Before, long? Start, long? End)
{
    /// <summary>The columns of attempts whose text is searched.</summary>
    public static readonly IReadOnlyList<string> Columns = ["AccountTyped", "RemoteAddress", "UserAgent", "Service", "Caller"];
}

/// <summary>Which lines of activity to find.</summary>
/// <param name="Kinds">Kinds of which each line must have one; empty for any.</param>
/// <param name="Spellings">As in <see cref="EntrySearch"/>; empty for any text.</param>
/// <param name="Accounts">Accounts that a line may concern instead, or that did it.</param>
/// <param name="KindsOfText">Kinds that a line may have instead.</param>
/// <param name="Before">Only lines before the one with this id.</param>
/// <param name="First">Only lines from this id on.</param>
public sealed record ActivitySearch(
    IReadOnlyCollection<ActivityKind> Kinds, IReadOnlyList<string> Spellings, IReadOnlyCollection<long> Accounts,
    IReadOnlyCollection<ActivityKind> KindsOfText, long Before, long First)
{
    /// <summary>The columns whose text is searched.</summary>
    public static readonly IReadOnlyList<string> Columns = ["Detail", "RemoteAddress", "Browser"];
}

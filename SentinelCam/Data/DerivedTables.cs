using System.Globalization;
using Microsoft.EntityFrameworkCore;

namespace SentinelCam.Data;

/// <summary>
/// Data that triggers derive from the model's tables, so that every write keeps it up to date: the search index, the mail state
/// of each entry, and the attempts per day. Created after the migrations at every start.
/// </summary>
/// <remarks>
/// The search index is an FTS5 table of trigrams, which finds any substring of three characters or more. It stores no text. Its
/// row id is <see cref="SearchKeySql"/>, so that matches come in the log's order, newest first: FTS5 is fast only in ascending
/// order of row ids. The owner is encoded as one trigram, so that a search does not read the matches of other owners.
/// </remarks>
public static class DerivedTables
{
    /// <summary>How many bits of a search key hold the low bits of the entry's id; the rest hold its time.</summary>
    public const int IdBits = 20;

    public const long IdMask = (1 << IdBits) - 1;

    /// <summary>Increased whenever <see cref="Tables"/> changes: a database with another version rebuilds its tables.</summary>
    private const int Version = 1;

    /// <summary>The first code point of the private use area, and the size of that area.</summary>
    private const int FirstPrivate = 0xE000, Privates = 6400;

    private const string MailStateSql = """
        SELECT CASE
            WHEN SUM(State = 'Failed') > 0 THEN 'Failed'
            WHEN SUM(State IN ('Waiting', 'Sending')) > 0 THEN 'Waiting'
            WHEN COUNT(*) > 0 THEN 'Accepted'
        END
        FROM Deliveries WHERE EntryId = NEW.EntryId
        """;

    private static readonly string Triggers = $"""
        DROP TRIGGER IF EXISTS ImageLog_Inserted;
        CREATE TRIGGER ImageLog_Inserted AFTER INSERT ON ImageLog WHEN NEW.LoginAttemptId IS NOT NULL BEGIN
            {Index("NEW", "WHERE a.Id = NEW.LoginAttemptId")};
        END;
        DROP TRIGGER IF EXISTS ImageLog_Deleted;
        CREATE TRIGGER ImageLog_Deleted AFTER DELETE ON ImageLog WHEN OLD.LoginAttemptId IS NOT NULL BEGIN
            DELETE FROM EntrySearch WHERE rowid = {SearchKeySql("OLD")};
        END;
        DROP TRIGGER IF EXISTS ImageLog_Updated;
        CREATE TRIGGER ImageLog_Updated AFTER UPDATE OF OwnerId ON ImageLog WHEN NEW.LoginAttemptId IS NOT NULL BEGIN
            DELETE FROM EntrySearch WHERE rowid = {SearchKeySql("OLD")};
            {Index("NEW", "WHERE a.Id = NEW.LoginAttemptId")};
        END;
        DROP TRIGGER IF EXISTS Deliveries_Inserted;
        CREATE TRIGGER Deliveries_Inserted AFTER INSERT ON Deliveries WHEN NEW.EntryId IS NOT NULL BEGIN
            UPDATE ImageLog SET MailState = ({MailStateSql}) WHERE Id = NEW.EntryId;
        END;
        DROP TRIGGER IF EXISTS Deliveries_Updated;
        CREATE TRIGGER Deliveries_Updated AFTER UPDATE OF State ON Deliveries WHEN NEW.EntryId IS NOT NULL BEGIN
            UPDATE ImageLog SET MailState = ({MailStateSql}) WHERE Id = NEW.EntryId AND MailState IS NOT ({MailStateSql});
        END;
        DROP TRIGGER IF EXISTS LoginAttempts_Inserted;
        CREATE TRIGGER LoginAttempts_Inserted AFTER INSERT ON LoginAttempts BEGIN
            {Count("NEW", "1")};
        END;
        DROP TRIGGER IF EXISTS LoginAttempts_Updated;
        CREATE TRIGGER LoginAttempts_Updated AFTER UPDATE OF OwnerId ON LoginAttempts BEGIN
            {Count("OLD", "-1")};
            {Count("NEW", "1")};
        END;
        """;

    private static readonly string Tables = $"""
        DROP TABLE IF EXISTS EntrySearch;
        CREATE VIRTUAL TABLE EntrySearch USING fts5(
            Owner, Account, Address, Agent, content='', contentless_delete=1, tokenize='trigram');
        {Index("e", "JOIN ImageLog e ON e.LoginAttemptId = a.Id")};
        DROP TABLE IF EXISTS AttemptDays;
        CREATE TABLE AttemptDays (
            OwnerId INTEGER NOT NULL, Day INTEGER NOT NULL, Outcome TEXT NOT NULL, Attempts INTEGER NOT NULL,
            PRIMARY KEY (OwnerId, Day, Outcome)) WITHOUT ROWID;
        INSERT INTO AttemptDays
            SELECT IFNULL(OwnerId, 0), At / 86400000, Outcome, COUNT(*) FROM LoginAttempts GROUP BY 1, 2, 3;
        PRAGMA user_version = {Version};
        """;

    /// <summary>Creates and fills the tables if they are missing or of another version, and recreates the triggers.</summary>
    public static async Task PrepareAsync(SentinelCamDbContext db)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await db.Database.SqlQueryRaw<int>("SELECT user_version AS Value FROM pragma_user_version").SingleAsync() != Version)
            await db.Database.ExecuteSqlRawAsync(Tables);
        await db.Database.ExecuteSqlRawAsync(Triggers);
        await transaction.CommitAsync();
    }

    /// <summary>Writes to the file, as recording an attempt does, without a change to it or a signal of a commit.</summary>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The file cannot be written; the message says why.</exception>
    public static async Task CheckWritableAsync(SentinelCamDbContext db)
    {
        ArgumentNullException.ThrowIfNull(db);
        await db.Database.OpenConnectionAsync();
        // SQLite writes the page even if the number is the same
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Version}");
        await command.ExecuteNonQueryAsync();
        await db.Database.CloseConnectionAsync();
    }

    /// <summary>The FTS5 expression for one owner's entries that contain a text. Special characters are escaped.</summary>
    /// <param name="ownerId">Null: entries of no account.</param>
    /// <param name="text">At least three characters, without control characters.</param>
    public static string Match(long? ownerId, string text) =>
        $"Owner : \"{OwnerTrigram(ownerId ?? 0)}\" AND {{Account Address Agent}} : "
        + $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>An entry's row id in the search index. Later entries have smaller ones.</summary>
    public static long SearchKey(long at, long id) => (LogPlace.End - at) << IdBits | (~id & IdMask);

    private static string SearchKeySql(string row) =>
        string.Create(CultureInfo.InvariantCulture, $"(({LogPlace.End} - {row}.At) << {IdBits} | (~{row}.Id & {IdMask}))");

    private static string Index(string row, string from) => string.Create(CultureInfo.InvariantCulture, $"""
        INSERT INTO EntrySearch (rowid, Owner, Account, Address, Agent) SELECT {SearchKeySql(row)},
            char(
                {FirstPrivate} + IFNULL({row}.OwnerId, 0) / {Privates * Privates} % {Privates},
                {FirstPrivate} + IFNULL({row}.OwnerId, 0) / {Privates} % {Privates},
                {FirstPrivate} + IFNULL({row}.OwnerId, 0) % {Privates}),
            a.AccountTyped, a.RemoteAddress, a.UserAgent FROM LoginAttempts a {from}
        """);

    private static string Count(string row, string change) => $"""
        INSERT INTO AttemptDays VALUES (IFNULL({row}.OwnerId, 0), {row}.At / 86400000, {row}.Outcome, {change})
            ON CONFLICT DO UPDATE SET Attempts = Attempts + excluded.Attempts
        """;

    private static string OwnerTrigram(long owner) => new(
    [
        (char)(FirstPrivate + owner / (Privates * Privates) % Privates),
        (char)(FirstPrivate + owner / Privates % Privates),
        (char)(FirstPrivate + owner % Privates),
    ]);
}

using System.Globalization;
using Microsoft.EntityFrameworkCore;

namespace SentinelCam.Data;

/// <summary>
/// Data that triggers of SQLite derive from the model's tables, so that every write keeps it up to date: the search index, the
/// mail state of each entry, the entries of each alert, and the attempts per day. Created after the migrations at every start.
/// </summary>
/// <remarks>
/// The numbers per day outlive their attempts, which retention may remove earlier: only missing days are counted again.
/// The search index is an FTS5 table. Any three neighbouring characters of a text become one of <see cref="Grams"/> tokens, so
/// that random text of strangers adds no words, and the index need not store where in the text they are. An entry with the
/// tokens of the searched text is a candidate; <c>ImageLogIndex</c> compares its text. Of a long text only the beginning and the
/// end are indexed. The row id is <see cref="SearchKeySql"/>, so that matches come in the log's order, newest first: FTS5 is
/// fast only in ascending order of row ids. The owner is a token, so that a search does not read the matches of other owners.
/// </remarks>
public static class DerivedTables
{
    /// <summary>How many bits of a search key hold the low bits of the entry's id; the rest hold its time.</summary>
    public const int IdBits = 14;

    public const long IdMask = (1 << IdBits) - 1;

    /// <summary>Increased whenever <see cref="Tables"/> changes: a database with another version rebuilds its tables.</summary>
    private const int Version = 4;

    /// <summary>
    /// The number of tokens for three characters. Fewer make the index smaller, and more of its candidates wrong.
    /// </summary>
    private const int Grams = 4096;

    /// <summary>The first token: a letter of three bytes in UTF-8, whatever the token.</summary>
    private const int FirstGram = 0x4E00;

    /// <summary>How many characters of a text are indexed, at its beginning and at its end.</summary>
    private const int AccountHead = 24, AccountTail = 16, AgentHead = 32, AgentTail = 40;

    /// <summary>The longest address, and more than any text has indexed.</summary>
    private const int MaxIndexed = 80;

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
            UPDATE Alerts SET Entries = Entries + 1 WHERE Id = NEW.AlertId;
        END;
        DROP TRIGGER IF EXISTS ImageLog_Deleted;
        CREATE TRIGGER ImageLog_Deleted AFTER DELETE ON ImageLog WHEN OLD.LoginAttemptId IS NOT NULL BEGIN
            DELETE FROM EntrySearch WHERE rowid = {SearchKeySql("OLD")};
            UPDATE Alerts SET Entries = Entries - 1 WHERE Id = OLD.AlertId;
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
            {Count("NEW", "NEW.Count")};
        END;
        DROP TRIGGER IF EXISTS LoginAttempts_Updated;
        CREATE TRIGGER LoginAttempts_Updated AFTER UPDATE OF OwnerId, Count ON LoginAttempts BEGIN
            {Count("OLD", "-OLD.Count")};
            {Count("NEW", "NEW.Count")};
        END;
        """;

    private static readonly string ActivityTriggers = $"""
        DROP TRIGGER IF EXISTS AccountActivity_Inserted;
        CREATE TRIGGER AccountActivity_Inserted AFTER INSERT ON AccountActivity BEGIN
            {IndexActivity("NEW", "")};
        END;
        DROP TRIGGER IF EXISTS AccountActivity_Deleted;
        CREATE TRIGGER AccountActivity_Deleted AFTER DELETE ON AccountActivity BEGIN
            DELETE FROM ActivitySearch WHERE rowid = -OLD.Id;
        END;
        """;

    private static readonly string Tables = $"""
        DROP TABLE IF EXISTS EntrySearch;
        CREATE VIRTUAL TABLE EntrySearch USING fts5(
            Tokens, content='', contentless_delete=1, detail=none, tokenize='ascii');
        INSERT INTO EntrySearch (EntrySearch, rank) VALUES ('automerge', 2);
        DROP TABLE IF EXISTS SearchPositions;
        CREATE TABLE SearchPositions (N INTEGER PRIMARY KEY);
        WITH RECURSIVE p(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM p WHERE n < {MaxIndexed})
            INSERT INTO SearchPositions SELECT n FROM p;
        {Index("e", "JOIN ImageLog e ON e.LoginAttemptId = a.Id")};
        DROP TABLE IF EXISTS ActivitySearch;
        CREATE VIRTUAL TABLE ActivitySearch USING fts5(
            Tokens, content='', contentless_delete=1, detail=none, tokenize='ascii');
        INSERT INTO ActivitySearch (ActivitySearch, rank) VALUES ('automerge', 2);
        {IndexActivity("a", "FROM AccountActivity a ORDER BY a.Id DESC")};
        CREATE TABLE IF NOT EXISTS AttemptDays (
            OwnerId INTEGER NOT NULL, Day INTEGER NOT NULL, Outcome TEXT NOT NULL, Attempts INTEGER NOT NULL,
            PRIMARY KEY (OwnerId, Day, Outcome)) WITHOUT ROWID;
        INSERT OR IGNORE INTO AttemptDays
            SELECT IFNULL(OwnerId, 0), At / 86400000, Outcome, SUM(Count) FROM LoginAttempts GROUP BY 1, 2, 3;
        PRAGMA user_version = {Version};
        """;

    /// <summary>Creates and fills the tables if they are missing or of another version, and recreates the triggers.</summary>
    public static async Task PrepareAsync(SentinelCamDbContext db)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await db.Database.SqlQueryRaw<int>("SELECT user_version AS Value FROM pragma_user_version").SingleAsync() != Version)
            await db.Database.ExecuteSqlRawAsync(Tables);
        await db.Database.ExecuteSqlRawAsync(Triggers);
        await db.Database.ExecuteSqlRawAsync(ActivityTriggers);
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

    /// <summary>Removes the numbers of attempts on the days before that of a time.</summary>
    public static Task RemoveDaysBeforeAsync(SentinelCamDbContext db, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(db);
        var day = time.ToUnixTimeMilliseconds() / (long)TimeSpan.FromDays(1).TotalMilliseconds;
        return db.Database.ExecuteSqlAsync($"""DELETE FROM "AttemptDays" WHERE "Day" < {day}""");
    }

    /// <summary>The FTS5 expression for the candidates among one owner's entries.</summary>
    /// <param name="ownerId">Null: entries of no account.</param>
    /// <param name="texts">The text in one or more spellings, each of at least three characters.</param>
    public static string Match(long? ownerId, IEnumerable<string> texts) =>
        $"{OwnerToken(ownerId)} AND ({string.Join(" OR ", texts.Select(Candidates))})";

    /// <summary>The FTS5 expression for lines of activity: one of the kinds, and one of the others, if there are any.</summary>
    /// <param name="kinds">Kinds of which each line must have one; empty for any.</param>
    /// <param name="texts">Text in one or more spellings, each of at least three characters: candidates.</param>
    /// <param name="accounts">Accounts that a line may concern instead, or that did it.</param>
    /// <param name="orKinds">Kinds that a line may have instead.</param>
    /// <returns>Null if everything matches.</returns>
    public static string? MatchActivity(
        IEnumerable<ActivityKind> kinds, IEnumerable<string> texts, IEnumerable<long> accounts,
        IEnumerable<ActivityKind> orKinds)
    {
        ArgumentNullException.ThrowIfNull(accounts);
        string[] all =
        [
            string.Join(" OR ", kinds.Select(kind => $"k{kind}")),
            string.Join(" OR ",
                [.. texts.Select(Candidates), .. accounts.Select(id => OwnerToken(id)), .. orKinds.Select(kind => $"k{kind}")]),
        ];
        return string.Join(" AND ", all.Where(part => part.Length > 0).Select(part => $"({part})")) is { Length: > 0 } match
            ? match : null;
    }

    /// <summary>The text without capitals of ASCII, as SQLite's <c>lower</c> makes it.</summary>
    public static string Lower(string text) => string.Create(text.Length, text, static (lower, text) =>
    {
        for (var i = 0; i < text.Length; i++)
            lower[i] = char.IsAsciiLetterUpper(text[i]) ? char.ToLowerInvariant(text[i]) : text[i];
    });

    /// <summary>An entry's row id in the search index. Later entries have smaller ones.</summary>
    public static long SearchKey(long at, long id) => (LogPlace.End - at) << IdBits | (~id & IdMask);

    private static string SearchKeySql(string row) =>
        string.Create(CultureInfo.InvariantCulture, $"(({LogPlace.End} - {row}.At) << {IdBits} | (~{row}.Id & {IdMask}))");

    private static string Index(string row, string from) => string.Create(CultureInfo.InvariantCulture, $"""
        INSERT INTO EntrySearch (rowid, Tokens) SELECT {SearchKeySql(row)}, 'o' || IFNULL({row}.OwnerId, 0)
            || {TokensSql("a.AccountTyped", AccountHead, AccountTail)} || {TokensSql("a.RemoteAddress", MaxIndexed, 0)}
            || {TokensSql("a.UserAgent", AgentHead, AgentTail)}
            || {TokensSql("a.Service", MaxIndexed, 0)} || {TokensSql("a.Caller", MaxIndexed, 0)} FROM LoginAttempts a {from}
        """);

    private static string IndexActivity(string row, string from) => $"""
        INSERT INTO ActivitySearch (rowid, Tokens) SELECT -{row}.Id, 'k' || {row}.Kind
            || ' o' || IFNULL({row}.AccountId, 0) || ' o' || IFNULL({row}.ActorId, 0)
            || {TokensSql($"{row}.Detail", MaxIndexed, 0)} || {TokensSql($"{row}.RemoteAddress", MaxIndexed, 0)}
            || {TokensSql($"{row}.Browser", MaxIndexed, 0)} {from}
        """;

    /// <summary>The tokens of a text, each after a space. The same as <see cref="Candidates"/>.</summary>
    private static string TokensSql(string text, int head, int tail)
    {
        string At(int offset) =>
            string.Create(CultureInfo.InvariantCulture, $"unicode(lower(substr({text}, p.N + {offset}, 1)))");
        string AtEnd(int offset) =>
            string.Create(CultureInfo.InvariantCulture, $"unicode(lower(substr({text}, p.N - {tail + 1} + {offset}, 1)))");
        string All(Func<int, string> at, string range) => $"""
            (SELECT IFNULL(group_concat(char(32, {FirstGram} + ({at(0)} * 961 + {at(1)} * 31 + {at(2)}) % {Grams}), ''), '')
                FROM SearchPositions p WHERE {range})
            """;
        // A text that is a little longer than its indexed beginning has all of its characters indexed
        return All(At, $"p.N <= MIN(length({text}), IIF(length({text}) <= {head + tail}, {head + tail}, {head})) - 2")
            + (tail == 0 ? "" : $" || {All(AtEnd, $"p.N <= {tail - 2} AND length({text}) > {head + tail}")}");
    }

    /// <summary>
    /// The tokens of a text; of a long one those of its beginning or its end, because a long text that contains it has no others
    /// indexed.
    /// </summary>
    private static string Candidates(string text)
    {
        var runes = Lower(text).EnumerateRunes().Select(rune => rune.Value).ToArray();
        return runes.Length <= AccountTail
            ? All(runes)
            : $"({All(runes[..Math.Min(runes.Length, AccountHead)])} OR {All(runes[^AccountTail..])})";

        // Those that together hold each character: the index reads a list for each token, and others rule out little
        static string All(int[] runes) => $"({string.Join(" AND ", Enumerable.Range(0, (runes.Length + 2) / 3)
            .Select(i => Math.Min(i * 3, runes.Length - 3))
            .Select(at => (runes[at] * 961 + runes[at + 1] * 31 + runes[at + 2]) % Grams).Distinct()
            .Select(gram => $"\"{char.ConvertFromUtf32(FirstGram + gram)}\""))})";
    }

    private static string Count(string row, string change) => $"""
        INSERT INTO AttemptDays VALUES (IFNULL({row}.OwnerId, 0), {row}.At / 86400000, {row}.Outcome, {change})
            ON CONFLICT DO UPDATE SET Attempts = Attempts + excluded.Attempts
        """;

    private static string OwnerToken(long? owner) => string.Create(CultureInfo.InvariantCulture, $"o{owner ?? 0}");
}

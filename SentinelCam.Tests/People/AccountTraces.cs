using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Tests.Support;
using SentinelCam.Visitors;

namespace SentinelCam.Tests.People;

/// <summary>What is stored about Zoe's account.</summary>
internal static class AccountTraces
{
    private const string Address = "zoe@example.org";

    /// <summary>An account with something in every table that can name it.</summary>
    public static async Task<(WebVisitor Zoe, long Id)> LeaveAsync(SentinelCamApp app)
    {
        var id = await app.AddAccountAsync("Zoe", Address);
        var zoe = await app.VisitAsAsync(Address);
        await app.FailToSignInAsync(Address);
        await app.WaitForCapturesAsync();
        await app.FailToSignInAsync(Address);
        await zoe.SubmitAsync("/settings", new { Recipient = "second@example.org" }, "/settings?handler=Recipient");
        await zoe.SubmitAsync("/capture", new { });
        await app.WaitForCapturesAsync();
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.RecipientId == id && d.State != DeliveryState.Accepted),
            open => open == 0);
        // A mail that waits
        await app.ReadAsync(async db =>
        {
            var attempt = await db.LoginAttempts.FirstAsync(a => a.OwnerId == id);
            db.AddRange(
                new DeviceUser { Name = $"zoe{id}", AccountId = id },
                new DeviceRule { OwnerId = id, Service = DeviceService.Sudo, AlertFrom = 2 },
                NewLink(id, Address),
                new HeldBackMails { AccountId = id, Count = 1, Since = DateTimeOffset.UtcNow },
                OldRecords.NewMail(attempt.AlertId, null, DateTimeOffset.UtcNow, DeliveryState.Waiting, id));
            return await db.SaveChangesAsync();
        });
        return (zoe, id);
    }

    public static AccountLink NewLink(long id, string address) => new()
    {
        Purpose = LinkPurpose.UndoAddress,
        AccountId = id,
        Address = address,
        Key = "key",
        ExpiresAt = DateTimeOffset.UtcNow.AddDays(1),
    };

    /// <summary>
    /// Looks through every column of every table, and through the search index. Only the lines of activity keep the account's
    /// number, which names nobody.
    /// </summary>
    public static async Task<List<string>> FindAsync(SentinelCamApp app, long id)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(app.DataDirectory, "sentinelcam.db")}");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        var found = new List<string>();
        var columns = Rows("""
            SELECT t.name || '.' || c.name FROM sqlite_master t, pragma_table_info(t.name) c
            WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE 'EntrySearch%'
            """);
        foreach (var (table, column) in columns.Select(name => name.Split('.')).Select(parts => (parts[0], parts[1])))
        {
            found.AddRange(Rows($"""
                SELECT '{table}.{column}: ' || "{column}" FROM "{table}"
                WHERE typeof("{column}") = 'text' AND ("{column}" LIKE '%{Address}%' OR "{column}" LIKE 'zoe%')
                """));
            if (column is "OwnerId" or "AccountId" or "RecipientId" or "UserId" || (table == "Accounts" && column == "Id"))
            {
                if (table != "AccountActivity")
                    found.AddRange(Rows($"SELECT '{table}.{column}: ' || rowid FROM \"{table}\" WHERE \"{column}\" = {id}"
                        .Replace("|| rowid", $"|| \"{column}\"", StringComparison.Ordinal)));
            }
        }

        found.AddRange(Rows(string.Create(CultureInfo.InvariantCulture,
            $"SELECT 'search ' || rowid FROM EntrySearch WHERE EntrySearch MATCH 'o{id}'")));
        var text = DerivedTables.Match(null, [TypedAccount.Kept(Address)]);
        found.AddRange(Rows($"SELECT 'search ' || rowid FROM EntrySearch WHERE EntrySearch MATCH '{text}'"));
        return found;

        List<string> Rows(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            using var reader = command.ExecuteReader();
            var rows = new List<string>();
            while (reader.Read())
                rows.Add(reader.GetString(0));
            return rows;
        }
    }
}

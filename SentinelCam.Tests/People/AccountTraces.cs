using System.Globalization;
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
    public static Task<List<string>> FindAsync(SentinelCamApp app, long id) => app.ReadAsync(async db =>
    {
        await db.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var connection = db.Database.GetDbConnection();
        var found = new List<string>();
        var columns = Rows(db.Dialect.IsFile
            ? """
              SELECT t.name || '.' || c.name FROM sqlite_master t, pragma_table_info(t.name) c
              WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE 'EntrySearch%'
              """
            : "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'");
        Assert.Contains("LoginAttempts.AccountTyped", columns);
        foreach (var (table, column) in columns.Select(name => name.Split('.')).Select(parts => (parts[0], parts[1])))
        {
            var text = $"lower(CAST(\"{column}\" AS text))";
            found.AddRange(Rows($"""
                SELECT '{table}.{column}: ' || {text} FROM "{table}" WHERE {text} LIKE '%{Address}%' OR {text} LIKE 'zoe%'
                """));
            if ((column is "OwnerId" or "AccountId" or "RecipientId" or "UserId" || (table == "Accounts" && column == "Id"))
                && table != "AccountActivity")
                found.AddRange(Rows($"""SELECT '{table}.{column}: ' || "{column}" FROM "{table}" WHERE "{column}" = {id}"""));
        }

        // On PostgreSQL the index belongs to a table
        if (db.Dialect.IsFile)
        {
            found.AddRange(Rows(string.Create(CultureInfo.InvariantCulture,
                $"SELECT 'search ' || rowid FROM EntrySearch WHERE EntrySearch MATCH 'o{id}'")));
            var match = DerivedTables.Match(null, [TypedAccount.Kept(Address)]);
            found.AddRange(Rows($"SELECT 'search ' || rowid FROM EntrySearch WHERE EntrySearch MATCH '{match}'"));
        }

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
    });
}

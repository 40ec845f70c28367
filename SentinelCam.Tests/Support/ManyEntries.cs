using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Tests.Support;

/// <summary>Inserts log entries directly into the database.</summary>
internal static class ManyEntries
{
    private const int Batch = 50_000;

    private static readonly string[] Tables = ["ImageLog", "LoginAttempts", "Deliveries"];

    /// <summary>Adds past entries, one a minute, with their alerts and mails.</summary>
    /// <param name="app">The app.</param>
    /// <param name="owner">Whose they are; null: nobody's.</param>
    /// <param name="count">How many.</param>
    /// <param name="pictures">Whether all have a picture with a file. Otherwise the newest have one without.</param>
    public static async Task AddAsync(SentinelCamApp app, long? owner, int count, bool pictures = false)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(10));
        await db.Database.OpenConnectionAsync();
        if (db.Dialect.IsFile)
            await db.Database.ExecuteSqlRawAsync("PRAGMA synchronous = OFF");
        else
            await SetTriggersAsync(db, "DISABLE");
        var firstAlert = await NextAsync(db, "Alerts");
        var firstEntry = await NextAsync(db, "ImageLog");
        for (var done = 0; done < count; done += Batch)
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await AddBatchAsync(db, owner, done, Math.Min(count, done + Batch), firstAlert);
            await transaction.CommitAsync();
        }

        if (pictures)
            await AddPicturesAsync(scope.ServiceProvider, db, owner);
        else
            await AddRowsOfPicturesAsync(db, owner);
        if (!db.Dialect.IsFile)
            await DeriveAsync(db, firstAlert, firstEntry);
    }

    private static async Task AddBatchAsync(SentinelCamDbContext db, long? owner, int start, int end, long firstAlert)
    {
        var firstAttempt = await NextAsync(db, "LoginAttempts");
        var firstEntry = await NextAsync(db, "ImageLog");
        var typed = $"owner{owner}@example.org";
        // Ten attempts make an alert
        await db.Database.ExecuteSqlAsync($"""
            WITH RECURSIVE n(i) AS (SELECT {(long)start} UNION ALL SELECT i + 10 FROM n WHERE i + 10 < {(long)end})
            INSERT INTO "Alerts" ("Id", "OwnerId", "Origin", "RemoteNetwork", "IsTest", "OpenedAt", "ClosesAt", "ClosedAt",
                "Attempts", "MailedFrom", "NeedsSummary", "Captures", "Entries", "AccountTyped", "RemoteAddress", "LastAt")
            SELECT {firstAlert} + i / 10, CAST({owner} AS bigint), 'WebPage', '203.0.113.1', FALSE, 1700000000000 + i * 60000,
                1700000000000 + i * 60000 + 600000, 1700000000000 + i * 60000 + 600000,
                10, 1, TRUE, 10, 0, {typed}, 'several addresses', 1700000000000 + i * 60000 + 540000 FROM n
            """);
        await db.Database.ExecuteSqlAsync($"""
            WITH RECURSIVE n(i) AS (SELECT {(long)start} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {(long)end})
            INSERT INTO "LoginAttempts" ("At", "Origin", "IsNewBrowser", "AccountTyped", "OwnerId", "RemoteAddress", "UserAgent",
                "Outcome", "AlertId", "NumberInAlert", "ToldBy")
            SELECT 1700000000000 + i * 60000, 'WebPage', FALSE, {typed}, CAST({owner} AS bigint),
                '203.0.' || (i / 250 % 250) || '.' || (i % 250),
                'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/'
                    || (100 + i % 40) || '.0.0.0 Safari/537.36',
                CASE i % 50 WHEN 0 THEN 'LockedOut' ELSE 'WrongPassword' END, {firstAlert} + i / 10, i % 10 + 1,
                CASE i % 10 WHEN 0 THEN 'OwnMail' ELSE 'Summary' END FROM n ORDER BY i
            """);
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO "ImageLog" ("OwnerId", "Trigger", "At", "LoginAttemptId", "Outcome", "AlertId", "CaptureState",
                "CaptureTries", "CaptureDueAt", "MailState")
            SELECT "OwnerId", 'FailedLogin', "At", "Id", "Outcome", "AlertId", 'Taken', 1, "At",
                CASE "ToldBy" WHEN 'OwnMail' THEN 'Accepted' END
                FROM "LoginAttempts" WHERE "Id" >= {firstAttempt} ORDER BY "Id"
            """);
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO "Deliveries" ("Kind", "AlertId", "EntryId", "RecipientId", "Recipient", "MessageId", "State", "Tries",
                "SignInRefused", "MayHaveArrived", "CreatedAt", "QueuedAt", "DueAt", "AcceptedAt")
            SELECT 'Attempt', "AlertId", "Id", "OwnerId", 'owner@example.org', "Id" || '@bench', 'Accepted', 1, FALSE, FALSE,
                "At", "At", "At", "At" FROM "ImageLog" WHERE "Id" >= {firstEntry} AND "MailState" = 'Accepted'
            """);
    }

    /// <summary>Pictures of the newest entries, without files: pages show their addresses only.</summary>
    private static Task<int> AddRowsOfPicturesAsync(SentinelCamDbContext db, long? owner) => db.Database.ExecuteSqlAsync($"""
        INSERT INTO "Snapshots" ("EntryId", "FileName", "HasThumbnail", "Width", "Height", "Bytes", "Sha256", "TakenAt",
            "CameraName", "Quality", "Score", "Pinned")
        SELECT "Id", '2023/11/14/' || "Id" || '.jpg', FALSE, 640, 480, 1, 'ab', "At", 'bench', 'Good', "Id" % 7, FALSE
            FROM "ImageLog" WHERE COALESCE("OwnerId", 0) = {owner ?? 0} ORDER BY "At" DESC LIMIT 1000
        """);

    private static async Task AddPicturesAsync(IServiceProvider services, SentinelCamDbContext db, long? owner)
    {
        var jpeg = TestJpeg.Good(DateTimeOffset.UnixEpoch).Jpeg;
        var hash = Convert.ToHexStringLower(SHA256.HashData(jpeg));
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO Snapshots (EntryId, FileName, HasThumbnail, Width, Height, Bytes, Sha256, TakenAt, CameraName, Quality,
                Pinned)
            SELECT Id, printf('2023/11/14/%032x.jpg', Id), 0, 640, 480, {jpeg.Length}, {hash}, At, 'bench', 'Unchecked', 0
                FROM ImageLog WHERE OwnerId = {owner}
            """);
        var folder = Path.Combine(services.GetRequiredService<DataDirectory>().Snapshots, "2023/11/14");
        Directory.CreateDirectory(folder);
        foreach (var id in await db.ImageLog.Where(e => e.OwnerId == owner).Select(e => e.Id).ToListAsync())
            await File.WriteAllBytesAsync(Path.Combine(folder, $"{id:x32}.jpg"), jpeg);
    }

    /// <summary>Writes in one go what PostgreSQL's triggers write row by row, which takes minutes for a million.</summary>
    private static async Task DeriveAsync(SentinelCamDbContext db, long firstAlert, long firstEntry)
    {
        await db.Database.ExecuteSqlAsync($"""
            DROP INDEX "IX_EntrySearch_OwnerId_Text";
            INSERT INTO "EntrySearch" SELECT e."Id", coalesce(e."OwnerId", 0), e."At",
                "SearchedText"(a."AccountTyped", a."RemoteAddress", a."UserAgent", a."Service", a."Caller")
                FROM "ImageLog" e JOIN "LoginAttempts" a ON a."Id" = e."LoginAttemptId" WHERE e."Id" >= {firstEntry};
            CREATE INDEX "IX_EntrySearch_OwnerId_Text" ON "EntrySearch" USING gin ("OwnerId", "Text" gin_trgm_ops);
            INSERT INTO "AttemptDays" SELECT coalesce("OwnerId", 0), "At" / 86400000, "Outcome", count(*)
                FROM "LoginAttempts" WHERE "AlertId" >= {firstAlert} GROUP BY 1, 2, 3;
            UPDATE "Alerts" SET "Entries" = 10 WHERE "Id" >= {firstAlert};
            SELECT setval(pg_get_serial_sequence('"Alerts"', 'Id'), (SELECT max("Id") FROM "Alerts"));
            """);
        await SetTriggersAsync(db, "ENABLE");
        await db.Database.ExecuteSqlRawAsync("VACUUM ANALYZE");
    }

    private static async Task SetTriggersAsync(SentinelCamDbContext db, string state)
    {
        foreach (var table in Tables)
        {
            var sql = $"ALTER TABLE \"{table}\" {state} TRIGGER USER";
            await db.Database.ExecuteSqlRawAsync(sql);
        }
    }

    private static Task<long> NextAsync(SentinelCamDbContext db, string table)
    {
        var sql = $"SELECT COALESCE(MAX(\"Id\"), 0) + 1 AS \"Value\" FROM \"{table}\"";
        return db.Database.SqlQueryRaw<long>(sql).SingleAsync();
    }
}

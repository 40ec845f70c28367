using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;

namespace SentinelCam.Tests.Support;

/// <summary>Records as a past time left them.</summary>
public static class OldRecords
{
    /// <summary>A closed alert.</summary>
    public static Alert NewAlert(long? owner, DateTimeOffset at, bool isOpen = false) => new()
    {
        OwnerId = owner,
        RemoteNetwork = "203.0.113.9",
        OpenedAt = at,
        ClosesAt = at.AddMinutes(5),
        ClosedAt = isOpen ? null : at.AddMinutes(5),
        LastAt = at,
    };

    /// <summary>The entry of a failed sign-in of an alert that is stored, without a picture.</summary>
    public static ImageLogEntry NewEntry(Alert alert, DateTimeOffset at, string userAgent = "Old/1.0") => new()
    {
        OwnerId = alert.OwnerId,
        Trigger = CaptureTrigger.FailedLogin,
        At = at,
        Outcome = LoginOutcome.WrongPassword,
        Origin = AttemptOrigin.WebPage,
        AlertId = alert.Id,
        CaptureState = CaptureState.Failed,
        CaptureProblem = "No picture: a burst has at most one picture per second, and 100 in all.",
        LoginAttempt = new LoginAttempt
        {
            At = at,
            AccountTyped = SentinelCamApp.AnnsEmail,
            OwnerId = alert.OwnerId,
            RemoteAddress = "203.0.113.9",
            UserAgent = userAgent,
            Outcome = LoginOutcome.WrongPassword,
            AlertId = alert.Id,
            NumberInAlert = ++alert.Attempts,
            ToldBy = ToldBy.Summary,
        },
    };

    /// <summary>A mail about an alert or an entry.</summary>
    public static Delivery NewMail(
        long? alert, long? entry, DateTimeOffset at, DeliveryState state = DeliveryState.Accepted, long? recipient = null) =>
        new()
        {
            Kind = alert is null ? MailKind.SettingsChanged : MailKind.Attempt,
            AlertId = alert,
            EntryId = entry,
            RecipientId = recipient,
            Recipient = SentinelCamApp.AnnsEmail,
            MessageId = $"{Guid.NewGuid():n}@example.org",
            State = state,
            CreatedAt = at,
            QueuedAt = at,
            DueAt = at.AddYears(100),
        };

    /// <summary>Adds alerts with entries, one every second, and a mail each.</summary>
    public static async Task AddBurstsAsync(
        this SentinelCamDbContext db, long? owner, DateTimeOffset from, int alerts, int entriesOfEach)
    {
        ArgumentNullException.ThrowIfNull(db);
        for (var i = 0; i < alerts; i++)
        {
            var alert = db.Add(NewAlert(owner, from.AddHours(i))).Entity;
            await db.SaveChangesAsync();
            for (var j = 0; j < entriesOfEach; j++)
                db.Add(NewEntry(alert, alert.OpenedAt.AddSeconds(j), $"Old/{i}.{j}"));
            await db.SaveChangesAsync();
            var first = db.ChangeTracker.Entries<ImageLogEntry>().First().Entity;
            db.Add(NewMail(alert.Id, first.Id, alert.OpenedAt, recipient: owner));
            await db.SaveChangesAsync();
            db.ChangeTracker.Clear();
        }
    }

    /// <summary>What is wrong with a database: rows that lead nowhere, and derived tables that differ.</summary>
    public static async Task<IReadOnlyList<string>> FindFaultsAsync(this SentinelCamDbContext db)
    {
        ArgumentNullException.ThrowIfNull(db);
        List<string> faults = [];
        if (db.Dialect.IsFile)
        {
            faults.AddRange(await db.Database.SqlQueryRaw<string>("SELECT \"table\" AS Value FROM pragma_foreign_key_check")
                .ToListAsync());
            faults.AddRange((await db.Database.SqlQueryRaw<string>("SELECT integrity_check AS Value FROM pragma_integrity_check")
                .ToListAsync()).Where(line => line != "ok"));
        }

        var entries = await db.ImageLog.CountAsync(e => e.LoginAttemptId != null);
        var indexed = await db.Database
            .SqlQueryRaw<int>("""SELECT CAST(COUNT(*) AS integer) AS "Value" FROM "EntrySearch" """).SingleAsync();
        if (entries != indexed)
            faults.Add($"{entries} entries, {indexed} of them in the search index");
        return faults;
    }
}

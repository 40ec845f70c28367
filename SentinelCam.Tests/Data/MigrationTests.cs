using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Data;

/// <summary>A database of an earlier version is brought up to date with all that it holds.</summary>
public class MigrationTests
{
    private const string FirstVersion = "20261124002745_Initial";

    [Fact]
    public async Task Attempts_of_the_first_version_learn_which_mail_tells_about_them()
    {
        await using var app = await SentinelCamApp.StartAsync();
        (await app.RegisterAnnAsync()).Dispose();
        await app.StopAsync();
        await GoBackAsync(app.DataDirectory, """
            INSERT INTO Alerts (Id, OwnerId, RemoteNetwork, OpenedAt, ClosesAt, ClosedAt, Attempts, MailedFrom, Captures) VALUES
                (1, 1, '203.0.113.1', 1, 2, 3, 4, 2, 4), (2, NULL, 'many', 1, 2, 3, 1, NULL, 1),
                (3, 1, '203.0.113.1', 1, 2, 3, 1, NULL, 1);
            INSERT INTO LoginAttempts (Id, At, AccountTyped, OwnerId, RemoteAddress, UserAgent, Outcome, AlertId,
                NumberInAlert) VALUES
                (1, 1, 'a', 1, 'x', 'y', 'WrongPassword', 1, 1), (2, 1, 'a', 1, 'x', 'y', 'WrongPassword', 1, 2),
                (3, 1, 'a', 1, 'x', 'y', 'WrongPassword', 1, 3), (4, 1, 'a', 1, 'x', 'y', 'SucceededAfterFailures', 1, 4),
                (5, 1, 'a', NULL, 'x', 'y', 'UnknownAccount', 2, 1), (6, 1, 'a', 1, 'x', 'y', 'WrongPassword', 3, 1),
                (7, 1, 'a', 1, 'x', 'y', 'SucceededAfterFailures', 1, 4);
            INSERT INTO ImageLog (Id, OwnerId, Trigger, At, LoginAttemptId, Outcome, AlertId, OpensAlert, CaptureState,
                CaptureTries, CaptureDueAt)
                SELECT Id, OwnerId, 'FailedLogin', At, Id, Outcome, AlertId, Id = 2, 'Failed', 1, 1 FROM LoginAttempts;
            UPDATE ImageLog SET CaptureProblem = 'No picture and no mail: ten sign-ins like this were mailed within the hour.'
                WHERE Id = 7;
            INSERT INTO Deliveries (Id, Kind, RecipientId, Recipient, MessageId, Text, State, Tries, SignInRefused, CreatedAt,
                QueuedAt, DueAt) VALUES
                (1, 'SettingsChanged', 1, 'r', '1@x', 'A line.', 'Accepted', 1, 0, 1, 1, 1),
                (2, 'ConfirmRecipient', 1, 'r', '2@x', 'https://cam.example.org', 'Accepted', 1, 0, 1, 1, 1);
            """);

        await using var again = await app.StartAgainAsync();

        Assert.Equal(
            [
                ToldBy.LaterMail, ToldBy.OwnMail, ToldBy.Summary, ToldBy.OwnMail, ToldBy.Summary, ToldBy.LaterMail,
                ToldBy.Nothing,
            ],
            await again.ReadAsync(db => db.LoginAttempts.OrderBy(a => a.Id).Select(a => a.ToldBy).ToListAsync()));
        Assert.Equal([true, true, false],
            await again.ReadAsync(db => db.Alerts.OrderBy(a => a.Id).Select(a => a.NeedsSummary).ToListAsync()));
        var mails = await again.ReadAsync(
            db => db.Deliveries.OrderBy(d => d.Id).Select(d => new { d.Changes, d.SiteAddress }).ToListAsync());
        Assert.Equal(("A line.", null), (mails[0].Changes, mails[0].SiteAddress));
        Assert.Equal((null, "https://cam.example.org"), (mails[1].Changes, mails[1].SiteAddress));
        var alerts = await again.ReadAsync(db => db.Alerts.OrderBy(a => a.Id).ToListAsync());
        Assert.Equal([5, 1, 1], alerts.Select(a => a.Entries));
        Assert.Equal(("a", "x"), (alerts[0].AccountTyped, alerts[0].RemoteAddress));
        Assert.Equal([1, null, null], alerts.Select(a => a.SucceededAt?.ToUnixTimeMilliseconds()));
        Assert.All(alerts, alert => Assert.Equal((1, AlertAnswer.New), (alert.LastAt.ToUnixTimeMilliseconds(), alert.Answer)));
        // The triggers are there as well: the search finds an entry
        Assert.Equal(7,
            await again.ReadAsync(db => db.Database.SqlQueryRaw<int>("SELECT COUNT(*) AS Value FROM EntrySearch").SingleAsync()));
    }

    [Fact]
    public async Task A_version_without_tests_knows_them_as_requested_pictures()
    {
        await using var app = await SentinelCamApp.StartAsync();
        using var ann = await app.RegisterAnnAsync();
        await ann.SubmitAsync("/test_alert", new { });
        await app.WaitForAcceptedAsync(1);
        await app.StopAsync();
        await using (var db = StoredDatabase.Open(app.DataDirectory))
        {
            var versions = db.Database.GetMigrations().ToList();
            var before = versions[versions.FindIndex(name => name.EndsWith("_TestAlerts", StringComparison.Ordinal)) - 1];
            await db.GetService<IMigrator>().MigrateAsync(before, TestContext.Current.CancellationToken);
        }

        await using var again = await app.StartAgainAsync();

        var entry = await again.ReadAsync(db => db.ImageLog.SingleAsync());
        Assert.Equal((CaptureTrigger.Manual, null, null), (entry.Trigger, entry.LoginAttemptId, entry.AlertId));
        Assert.Equal(0, await again.ReadAsync(db => db.LoginAttempts.CountAsync()));
        // Who is there already needs no first steps
        using var later = await again.VisitAsAsync(SentinelCamApp.AnnsEmail);
        Assert.Empty((await later.GetAsync("/dashboard")).Document.QuerySelectorAll(".first-steps"));
    }

    [Fact]
    public async Task The_migrations_make_the_model()
    {
        await using var app = await SentinelCamApp.StartAsync();

        Assert.False(await app.ReadAsync(db => Task.FromResult(db.Database.HasPendingModelChanges())));
    }

    /// <summary>Makes the database one of the first version, which then writes rows.</summary>
    private static async Task GoBackAsync(string dataDirectory, string rows)
    {
        await using var db = StoredDatabase.Open(dataDirectory);
        await db.GetService<IMigrator>().MigrateAsync(FirstVersion, TestContext.Current.CancellationToken);
        await db.Database.ExecuteSqlRawAsync(rows, TestContext.Current.CancellationToken);
    }
}

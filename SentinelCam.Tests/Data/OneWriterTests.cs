using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Data;

/// <summary>What is written at the same time by several connections to PostgreSQL.</summary>
public class OneWriterTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Log_knows_that_both_mails_of_an_entry_were_accepted_at_the_same_time()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var reply = new TaskCompletionSource();
        await using var mails = ScriptedSmtpServer.Start(
            new SmtpScript().On(SmtpStage.EndOfData, new SmtpAction("250 2.0.0 queued", After: reply.Task)));
        var database = await PostgresServer.NewDatabaseAsync();
        await using var app = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, [.. database, .. mails.Settings, ("Node:Name", "lobby")]);
        (await app.RegisterAnnAsync()).Dispose();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await Eventually.TrueAsync(() => mails.Messages.Count == 1, app.Log);
        var second = await app.ReadAsync(async db =>
        {
            var copy = await db.Deliveries.AsNoTracking().SingleAsync(Cancelled);
            (copy.Id, copy.MessageId, copy.SentBy) = (0, "second@example.org", "office");
            db.Add(copy);
            await db.SaveChangesAsync(Cancelled);
            return copy.Id;
        });

        // The other node has recorded its mail, and commits in a moment
        await using var office = await PostgresServer.ConnectAsync(database);
        await using var command = office.CreateCommand();
        command.CommandText = $"""
            BEGIN; SELECT pg_advisory_xact_lock({OneWriter.Lock});
            UPDATE "Deliveries" SET "State" = 'Accepted' WHERE "Id" = {second}
            """;
        await command.ExecuteNonQueryAsync(Cancelled);
        reply.SetResult();
        await Eventually.TrueAsync(async () => await PostgresServer.ReadAsync<bool>(database, $"""
            SELECT EXISTS (SELECT 1 FROM "Deliveries" WHERE "State" = 'Accepted') OR EXISTS (
                SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                    WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted)
            """), app.Log);
        command.CommandText = "COMMIT";
        await command.ExecuteNonQueryAsync(Cancelled);

        await app.WaitForAcceptedAsync(2);
        Assert.Equal(MailState.Accepted, await app.ReadAsync(db => db.ImageLog.Select(e => e.MailState).SingleAsync(Cancelled)));
    }
}

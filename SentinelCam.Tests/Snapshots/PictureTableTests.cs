using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.Snapshots;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Snapshots;

/// <summary>Pictures in a real PostgreSQL.</summary>
public class PictureTableTests
{
    private const string Rows = """
        SELECT (SELECT count(*) FROM "Snapshots") || ' rows, ' || (SELECT count(*) FROM "PictureContents") || ' pictures'
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Picture_is_shown_mailed_and_checked_and_goes_with_its_entry()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        await using var app = await SentinelCamApp.StartAsync(database);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAcceptedAsync(1);
        var row = await app.ReadAsync(db => db.Snapshots.AsNoTracking().FirstAsync(s => s.EntryId != null));
        Assert.Null(row.Content);

        var whole = await ann.GetAsync($"/snapshots/{row.Id}");
        Assert.Equal(row.Sha256, Convert.ToHexStringLower(SHA256.HashData(whole.Body)));
        Assert.Equal($"\"{row.Sha256}\"", whole.Headers["ETag"]);
        var again = await ann.GetAsync($"/snapshots/{row.Id}", ("If-None-Match", whole.Headers["ETag"]));
        Assert.Equal((HttpStatusCode.NotModified, 0), (again.Status, again.Body.Length));
        var small = await ann.GetAsync($"/snapshots/{row.Id}?size=thumb");
        Assert.Equal($"\"{row.Sha256}-thumb\"", small.Headers["ETag"]);
        Assert.InRange(small.Body.Length, 1, whole.Body.Length - 1);
        var mail = Assert.Single(app.MailsTo(SentinelCamApp.AnnsEmail));
        Assert.NotEmpty(mail.Attachments);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(app.DataDirectory, "snapshots"), "*", SearchOption.AllDirectories));

        var store = app.Services.GetRequiredService<IPictureStore>();
        Assert.Empty((await app.ReadAsync(db => store.CheckAsync(db, Cancelled))).Bad);
        await app.ReadAsync(db => db.Set<PictureContent>().Where(c => c.SnapshotId == row.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.Jpeg, new byte[] { 1 })));
        Assert.Equal([row.FileName], (await app.ReadAsync(db => store.CheckAsync(db, Cancelled))).Bad);

        await ann.SubmitAsync($"/delete_log/{row.EntryId}", new { });
        Assert.Equal("0 rows, 0 pictures", await PostgresServer.ReadAsync<string>(database, Rows));
        Assert.Equal(HttpStatusCode.NotFound, (await ann.GetAsync($"/snapshots/{row.Id}")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?size=thumb")]
    public async Task Browser_that_knows_a_picture_is_answered_without_reading_it(string size)
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        await using var app = await SentinelCamApp.StartAsync(database);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForCapturesAsync();
        var path = $"/snapshots/{await app.ReadAsync(db => db.Snapshots.Select(s => s.Id).FirstAsync())}{size}";
        var first = await ann.GetAsync(path);
        await app.ReadAsync(db => db.Database.ExecuteSqlRawAsync("""ALTER TABLE "PictureContents" DROP COLUMN "Jpeg" CASCADE"""));

        var again = await ann.GetAsync(path, ("If-None-Match", first.Headers["ETag"]));

        Assert.Equal((HttpStatusCode.NotModified, 0), (again.Status, again.Body.Length));
        Assert.Equal(first.Headers["ETag"], again.Headers["ETag"]);
        Assert.Equal(HttpStatusCode.InternalServerError, (await ann.GetAsync(path)).Status);
        await app.ReadAsync(db => db.Database.ExecuteSqlRawAsync("DELETE FROM \"PictureContents\""));
        Assert.NotEqual(
            HttpStatusCode.NotModified, (await ann.GetAsync(path, ("If-None-Match", first.Headers["ETag"]))).Status);
    }

    [Fact]
    public async Task Commit_that_fails_leaves_neither_row_nor_picture_and_the_capture_is_repeated()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(
            clock, Household.CheapPasswords, [("Capture:Frames", "1"), .. database]);
        (await app.RegisterAnnAsync()).Dispose();
        // A sequence is not rolled back
        await app.ReadAsync(db => db.Database.ExecuteSqlRawAsync("""
            CREATE SEQUENCE "Refusals";
            CREATE FUNCTION "Refuse"() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN PERFORM nextval('"Refusals"'); RAISE EXCEPTION 'refused'; END $$;
            CREATE CONSTRAINT TRIGGER "Refuse" AFTER INSERT ON "Snapshots" DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION "Refuse"();
            """));

        var entry = await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await Eventually.TrueAsync(
            () => PostgresServer.ReadAsync<bool>(database, """SELECT is_called FROM "Refusals" """), app.Log);

        Assert.Equal("0 rows, 0 pictures", await PostgresServer.ReadAsync<string>(database, Rows));
        Assert.Equal(CaptureState.Waiting, await app.ReadAsync(
            db => db.ImageLog.Where(e => e.Id == entry).Select(e => e.CaptureState).SingleAsync()));
        Assert.Equal(0, await app.ReadAsync(db => db.Deliveries.CountAsync()));
        await app.ReadAsync(db => db.Database.ExecuteSqlRawAsync("""DROP TRIGGER "Refuse" ON "Snapshots" """));
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.State == DeliveryState.Accepted), mails => mails == 1,
            meanwhile: () => clock.Advance(TimeSpan.FromSeconds(1)));
        Assert.Equal("1 rows, 1 pictures", await PostgresServer.ReadAsync<string>(database, Rows));
        Assert.NotEmpty(Assert.Single(app.MailsTo(SentinelCamApp.AnnsEmail)).Attachments);
    }

    [Fact]
    public async Task Pictures_are_stored_as_they_are_because_they_cannot_be_compressed()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        Assert.Equal("Jpeg EXTERNAL, Thumbnail EXTERNAL", await PostgresServer.ReadAsync<string>(
            await PostgresServer.NewDatabaseAsync(), """
                SELECT string_agg(attname || CASE attstorage WHEN 'e' THEN ' EXTERNAL' ELSE ' ' || attstorage::text END, ', '
                    ORDER BY attname)
                FROM pg_attribute WHERE attrelid = '"PictureContents"'::regclass AND atttypid = 'bytea'::regtype
                """));
    }

    [Fact]
    public async Task Frames_that_a_later_report_adds_are_stored_with_their_rows()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        await using var app = await SentinelCamApp.StartAsync(database);
        using var ann = await app.RegisterAnnAsync();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForAcceptedAsync(1);

        await app.ReadAsync(async db =>
        {
            var before = await db.Snapshots.Include(s => s.Strip).FirstAsync(s => s.EntryId != null);
            var store = app.Services.GetRequiredService<IPictureStore>();
            var jpeg = (await (await store.OpenAsync(before))!.ReadAsync()).ToArray();
            before.Strip.Add(store.Save(new(jpeg, before.Width, before.Height, before.TakenAt, before.Quality), "late"));
            return await db.SaveChangesAsync();
        });

        var added = await app.ReadAsync(db => db.Snapshots.AsNoTracking().SingleAsync(s => s.CameraName == "late"));
        Assert.Equal(added.Bytes, (await ann.GetAsync($"/snapshots/{added.Id}")).Body.Length);
    }

    [Fact]
    public async Task Pictures_are_exported_and_go_with_old_age_unless_pinned_and_with_their_owner()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        var clock = TestClock.AtNoon();
        await using var app = await SentinelCamApp.StartAsync(
            clock, Household.CheapPasswords, [("Capture:Frames", "1"), ("Alerts:QuietPeriod", "00:00:01"), .. database]);
        using var ann = await app.RegisterAnnAsync();
        var bob = await app.AddAccountAsync("Bob", Household.Bobs);
        foreach (var email in new[] { SentinelCamApp.AnnsEmail, SentinelCamApp.AnnsEmail, Household.Bobs })
        {
            await app.FailToSignInAsync(email);
            await app.WaitForCapturesAsync();
            clock.Advance(TimeSpan.FromMinutes(2));
            await app.WaitForClosedAlertsAsync();
        }

        await app.WaitForAsync(
            db => db.Deliveries.CountAsync(d => d.State != DeliveryState.Accepted), unsent => unsent == 0);
        Assert.Equal("3 rows, 3 pictures", await PostgresServer.ReadAsync<string>(database, Rows));
        var alert = await app.ReadAsync(db => db.ImageLog.OrderBy(e => e.Id).Select(e => new { e.Id, e.AlertId }).FirstAsync());
        var export = await ann.GetAsync($"/alerts/{alert.AlertId}?handler=Export");
        await using (var zip = new ZipArchive(new MemoryStream(export.Body)))
            Assert.Contains(zip.Entries, file => file.Name.EndsWith(".jpg", StringComparison.Ordinal) && file.Length > 1000);

        await app.ReadAsync(db => db.Snapshots.Where(s => s.EntryId == alert.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.Pinned, true)));
        await app.ReadAsync(db => db.Snapshots.Where(s => s.EntryId != alert.Id && db.ImageLog.Any(
                e => e.Id == s.EntryId && e.OwnerId != bob))
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.TakenAt, clock.GetUtcNow().AddDays(-91))));
        await using (var scope = app.Services.CreateAsyncScope())
            await ActivatorUtilities.CreateInstance<RetentionJob>(scope.ServiceProvider).RunAsync(Cancelled);
        Assert.Equal("2 rows, 2 pictures", await PostgresServer.ReadAsync<string>(database, Rows));

        using var owner = await app.VisitAsAsync(Household.Bobs);
        await owner.SubmitAsync("/settings/data", new { Address = Household.Bobs }, "/settings/data?handler=Delete");
        Assert.Equal("1 rows, 1 pictures", await PostgresServer.ReadAsync<string>(database, Rows));
    }
}

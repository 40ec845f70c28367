using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Data;
using SentinelCam.Snapshots;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.CommandLine;

/// <summary><c>SentinelCam import-data</c> with a data directory that the real app made, and a real PostgreSQL.</summary>
public sealed class ImportDataTests : IDisposable
{
    /// <summary>So many that the command can be killed while it copies them.</summary>
    private const int ManyPictures = 1_500;

    private static readonly string Ann = SentinelCamApp.AnnsEmail;

    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Site_moves_with_everything_although_the_import_was_killed()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        var clock = TestClock.AtNoon();
        await using var old = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords, ("Capture:Frames", "1"));
        using var ann = await old.RegisterAnnAsync();
        var phone = await AuthenticatorApp.TurnOnAsync(ann, clock);
        var (_, passkey) = await old.AddAccountWithPasskeyAsync("Bob", Household.Bobs);
        await old.FailToSignInAsync(Ann);
        await old.WaitForCapturesAsync();
        var entry = await old.ReadAsync(db => db.ImageLog.Select(e => e.Id).FirstAsync());
        await old.ReadAsync(db => db.Snapshots.Where(s => s.EntryId == entry)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.Pinned, true)));
        await AddPicturesAsync(old, ManyPictures);
        await old.ReadAsync(db =>
        {
            db.Add(new DatabaseEpoch { Id = DatabaseEpoch.OnlyId, Value = "old" });
            return db.SaveChangesAsync();
        });
        var ids = await old.ReadAsync(db => db.Snapshots.MaxAsync(s => s.Id));
        var before = await SummaryAsync(old);
        var cookie = old.SessionCookie;
        await old.StopAsync();
        var files = FilesOf(old.DataDirectory);

        await KillWhileItCopiesAsync(database, old.DataDirectory);
        var half = await CommandRun.OfAsync(Path.Combine(_directory, "half"), null, [.. database, .. SmtpSettings.For(1)], "run");
        Assert.Equal(1, half.ExitCode);
        Assert.Contains("import-data was not finished", half.Errors, StringComparison.Ordinal);
        var run = await ImportAsync(database, old.DataDirectory);

        Assert.Equal("", run.Errors);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("The rows are there already", run.Output, StringComparison.Ordinal);
        Assert.Contains("are the same as in", run.Output, StringComparison.Ordinal);
        Assert.Equal(files, FilesOf(old.DataDirectory));
        await using var moved = await SentinelCamApp.StartAsync(clock, Household.CheapPasswords, database);
        Assert.Equal(before, await SummaryAsync(moved));
        var check = await moved.ReadAsync(db => moved.Services.GetRequiredService<IPictureStore>()
            .CheckAsync(db, TestContext.Current.CancellationToken));
        Assert.Empty(check.Bad);
        // The old site may go on, and gives the same ids again
        Assert.Null(await moved.ReadAsync(db => db.DatabaseEpochs.SingleOrDefaultAsync()));

        // Who was signed in still is
        Assert.Equal(cookie, moved.SessionCookie);
        using var same = moved.Visit();
        same.TakeCookies(old.Address, ann);
        Assert.Equal("/dashboard", (await same.GetAsync("/dashboard")).Path);
        clock.Advance(TimeSpan.FromSeconds(60));
        using var visitor = moved.Visit();
        var page = await visitor.EnterPasswordAsync(Ann);
        Assert.Equal("/dashboard", (await visitor.EnterCodeAsync(page, phone.Code())).Path);
        Assert.Contains("front door", (await visitor.GetAsync($"/userdata/{entry}")).Main, StringComparison.Ordinal);
        passkey.Counter++;
        using var bob = moved.VisitByName();
        Assert.Equal("/dashboard", (await moved.SignInAsync(bob, passkey)).Path);
        await moved.FailToSignInAsync(Household.Bobs);
        await moved.WaitForAsync(db => db.Snapshots.MaxAsync(s => s.Id), newest => newest > ids);
    }

    [Fact]
    public async Task What_cannot_be_imported_is_refused_in_one_line()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        await using var old = await SentinelCamApp.StartAsync();
        (await old.RegisterAnnAsync()).Dispose();

        await RefusedAsync("that no SentinelCam is using", database, old.DataDirectory);
        await old.StopAsync();
        await RefusedAsync("is not set: it must lead to an empty PostgreSQL", [], old.DataDirectory);
        await RefusedAsync("with sentinelcam.db in it", database, _directory);
        var older = Path.Combine(_directory, "older");
        Directory.CreateDirectory(Path.Combine(older, "keys"));
        File.Copy(Path.Combine(old.DataDirectory, "sentinelcam.db"), Path.Combine(older, "sentinelcam.db"));
        await ForgetLastMigrationAsync(older);
        await RefusedAsync("belongs to an older SentinelCam", database, older);

        Assert.Equal(0, (await ImportAsync(database, old.DataDirectory)).ExitCode);
        await RefusedAsync("The database is not empty", database, old.DataDirectory);
    }

    [Fact]
    public async Task Import_that_was_killed_among_the_rows_has_copied_none_and_is_repeated()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        await using var old = await SiteAsync();
        await using (var holder = await PostgresServer.ConnectAsync(database))
        {
            // Which is written after all other rows
            using var process = await StartAndBlockAsync(holder, database, old.DataDirectory, "EntrySearch");
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(0L, await PostgresServer.ReadAsync<long>(database, """SELECT count(*) FROM "Accounts" """));
        var run = await ImportAsync(database, old.DataDirectory);

        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Contains(" rows and 1 keys were copied.", run.Output, StringComparison.Ordinal);
        Assert.Equal(1L, await PostgresServer.ReadAsync<long>(database, """SELECT count(*) FROM "Accounts" """));
    }

    [Fact]
    public async Task Row_or_picture_that_differs_at_the_end_is_named_and_no_site_starts_on_it()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        await using var old = await SiteAsync(copies: 2);
        var names = Directory.GetFiles(old.DataDirectory, "*.jpg", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Path.Combine(old.DataDirectory, "snapshots"), path))
            .Where(name => !name.EndsWith(".thumb.jpg", StringComparison.Ordinal)).ToList();
        var (changed, damaged, missing) = (names[0], names[1], names[2]);
        await File.WriteAllBytesAsync(
            Path.Combine(old.DataDirectory, "snapshots", damaged), [1, 2, 3], TestContext.Current.CancellationToken);
        File.Delete(Path.Combine(old.DataDirectory, "snapshots", missing));

        // Somebody changes a row between its copy and the comparison
        await using (var holder = await PostgresServer.ConnectAsync(database))
        {
            using var process = await StartAndBlockAsync(holder, database, old.DataDirectory, "PictureContents");
            await ExecuteAsync(database, """UPDATE "Accounts" SET "Name" = 'Eve'""");
            await holder.CloseAsync();
            var said = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(1, process.ExitCode);
            Assert.Contains(
                "The import failed: 1 parts differ, such as the rows of Accounts. Create a new database and repeat it.",
                Assert.Single((await said).Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        }

        var half = await CommandRun.OfAsync(Path.Combine(_directory, "half"), null, [.. database, .. SmtpSettings.For(1)], "run");
        Assert.Equal(1, half.ExitCode);
        Assert.Contains("import-data was not finished", half.Errors, StringComparison.Ordinal);
        await using var other = await SiteAsync();
        await RefusedAsync("or an import of other data has begun in it. Create a new one.", database, other.DataDirectory);

        await ExecuteAsync(database, """UPDATE "Accounts" SET "Name" = 'Ann'""");
        var pictures = $"""
            "PictureContents" SET "Jpeg" = 'x' WHERE "SnapshotId" = (SELECT "Id" FROM "Snapshots" WHERE "FileName" = '{changed}')
            """;
        await ExecuteAsync(database, "UPDATE " + pictures);
        await RefusedAsync($"1 parts differ, such as the picture {changed}.", database, old.DataDirectory);

        await ExecuteAsync(database, "DELETE FROM " + pictures.Replace("SET \"Jpeg\" = 'x'", "", StringComparison.Ordinal));
        var run = await ImportAsync(database, old.DataDirectory);
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Contains("1 pictures were already missing in the directory.", run.Output, StringComparison.Ordinal);
        Assert.Contains(
            $"1 pictures were already damaged in the directory, such as {damaged}.", run.Output, StringComparison.Ordinal);
        await RefusedAsync("The database is not empty", database, other.DataDirectory);
    }

    /// <summary>A site that is stopped, with a picture and copies of it.</summary>
    private static async Task<SentinelCamApp> SiteAsync(int copies = 0)
    {
        var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, ("Capture:Frames", "1"));
        (await app.RegisterAnnAsync()).Dispose();
        await app.FailToSignInAsync(Ann);
        await app.WaitForCapturesAsync();
        await AddPicturesAsync(app, copies);
        await app.StopAsync();
        return app;
    }

    /// <summary>Starts the command, and returns when it waits for a table, which a connection locks until it closes.</summary>
    private static async Task<System.Diagnostics.Process> StartAndBlockAsync(
        Npgsql.NpgsqlConnection holder, (string, string?)[] database, string directory, string table)
    {
        await using var command = holder.CreateCommand();
        command.CommandText = $"BEGIN; LOCK TABLE \"{table}\" IN SHARE MODE";
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var process = CommandRun.Start(null, database, "import-data", directory);
        await Eventually.TrueAsync(async () => process.HasExited || await PostgresServer.ReadAsync<long>(
            database, $"SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '\"{table}\"'::regclass") > 0);
        Assert.False(process.HasExited);
        return process;
    }

    private static async Task ExecuteAsync((string, string?)[] database, string sql)
    {
        await using var connection = await PostgresServer.ConnectAsync(database);
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        Assert.True(await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken) > 0);
    }

    private static async Task RefusedAsync(string why, (string, string?)[] database, string directory)
    {
        var run = await ImportAsync(database, directory);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(why, Assert.Single(run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);
    }

    private static Task<CommandRun> ImportAsync((string, string?)[] database, string directory) =>
        CommandRun.OfAsync(null, null, database, "import-data", directory);

    /// <summary>Kills the command once it has copied some of the pictures, and not all.</summary>
    private static async Task KillWhileItCopiesAsync((string, string?)[] database, string directory)
    {
        const string Copied = """SELECT count(*) FROM "PictureContents" """;
        using var process = CommandRun.Start(null, database, "import-data", directory);
        await Eventually.TrueAsync(() => process.HasExited || HasBegun());
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.InRange(await PostgresServer.ReadAsync<long>(database, Copied), 1, ManyPictures - 1);

        bool HasBegun()
        {
            try
            {
                return PostgresServer.ReadAsync<long>(database, Copied).GetAwaiter().GetResult() > 0;
            }
            catch (Npgsql.PostgresException)
            {
                // The table is not there yet
                return false;
            }
        }
    }

    /// <summary>Adds copies of the first picture.</summary>
    private static Task<int> AddPicturesAsync(SentinelCamApp app, int count) => app.ReadAsync(async db =>
    {
        var first = await db.Snapshots.AsNoTracking().FirstAsync();
        var jpeg = await File.ReadAllBytesAsync(app.Pictures.PathOf(first.FileName), TestContext.Current.CancellationToken);
        for (var i = 0; i < count; i++)
        {
            var name = $"2026/01/01/{i:x32}.jpg";
            Directory.CreateDirectory(Path.GetDirectoryName(app.Pictures.PathOf(name))!);
            await File.WriteAllBytesAsync(app.Pictures.PathOf(name), jpeg, TestContext.Current.CancellationToken);
            db.Add(new Snapshot
            {
                FileName = name,
                Sha256 = first.Sha256,
                Bytes = first.Bytes,
                CameraName = "many",
                TakenAt = first.TakenAt,
            });
        }

        return await db.SaveChangesAsync();
    });

    /// <summary>What the pages read, in words.</summary>
    private static Task<string> SummaryAsync(SentinelCamApp app) => app.ReadAsync(async db => string.Join('\n',
    [
        $"{await db.Users.CountAsync()} accounts, {await db.LoginAttempts.CountAsync()} attempts",
        $"{await db.Snapshots.CountAsync()} pictures, {await db.Snapshots.CountAsync(s => s.Pinned)} pinned",
        $"{await db.Activity.CountAsync()} lines, {await db.KnownBrowsers.CountAsync()} browsers",
        $"{await db.RecoveryCodes.CountAsync()} codes, {await db.Set<Microsoft.AspNetCore.Identity.IdentityUserPasskey<long>>()
            .CountAsync(p => p.Data.Name == "")} passkeys",
        string.Join(' ', await db.Alerts.OrderBy(a => a.Id).Select(a => a.Entries).ToListAsync()),
        string.Join(' ', await db.ImageLog.OrderBy(e => e.Id).Select(e => e.MailState).ToListAsync()),
        $"{await db.Database.SqlQueryRaw<long>("""SELECT sum("Attempts") AS "Value" FROM "AttemptDays" """).SingleAsync()}",
    ]));

    private static IReadOnlyList<string> FilesOf(string directory) =>
        [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Select(path => $"{path} {File.GetLastWriteTimeUtc(path):o} {new FileInfo(path).Length}")
            .Order(StringComparer.Ordinal)];

    private static async Task ForgetLastMigrationAsync(string directory)
    {
        await using var connection = new SqliteConnection($"Data Source={directory}/sentinelcam.db;Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = """
            DELETE FROM __EFMigrationsHistory WHERE MigrationId = (SELECT max(MigrationId) FROM __EFMigrationsHistory)
            """;
        await command.ExecuteNonQueryAsync();
    }
}

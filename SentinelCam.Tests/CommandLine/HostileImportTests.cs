using Microsoft.Data.Sqlite;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.CommandLine;

/// <summary><c>SentinelCam import-data</c> with a data directory in which others than the site have written.</summary>
public sealed class HostileImportTests : IDisposable
{
    private const string Secret = "Smtp__Password=hunter2";

    private readonly DirectoryInfo _outside = Directory.CreateTempSubdirectory("sentinelcam-test-");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _outside.Delete(recursive: true);

    [Fact]
    public async Task Only_pictures_of_the_directory_itself_are_copied()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        await using var old = await SiteAsync();
        var secret = Path.Combine(_outside.FullName, "secret.conf");
        await File.WriteAllTextAsync(secret, Secret, Cancelled);
        var snapshots = Path.Combine(old.DataDirectory, "snapshots");
        var (link, behind, thumbnail, own) = (Name(1), Name(2, year: 2025), Name(3), Name(4));
        var taken = await File.ReadAllBytesAsync(
            Directory.GetFiles(snapshots, "*.jpg", SearchOption.AllDirectories)[0], Cancelled);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(snapshots, own))!);
        foreach (var name in new[] { own, thumbnail })
            await File.WriteAllBytesAsync(Path.Combine(snapshots, name), taken, Cancelled);
        File.CreateSymbolicLink(Path.Combine(snapshots, link), secret);
        File.CreateSymbolicLink(
            Path.Combine(snapshots, thumbnail.Replace(".jpg", ".thumb.jpg", StringComparison.Ordinal)), secret);
        Directory.CreateSymbolicLink(Path.Combine(snapshots, "2025"), _outside.FullName);
        var place = Path.Combine(_outside.FullName, behind["2025/".Length..]);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        await File.WriteAllTextAsync(place, Secret, Cancelled);
        foreach (var name in new[] { own, thumbnail, link, behind, secret, Path.GetRelativePath(snapshots, secret), "" })
            await ExecuteAsync(old.DataDirectory, CopyOfThePicture, name);

        var run = await CommandRun.OfAsync(null, null, database, "import-data", old.DataDirectory);

        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Contains("6 pictures were left out: they are links,", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("already missing", run.Output, StringComparison.Ordinal);
        Assert.Equal(own, await PostgresServer.ReadAsync<string>(database, """
            SELECT "FileName" FROM "Snapshots" JOIN "PictureContents" ON "SnapshotId" = "Id" ORDER BY "Id" DESC LIMIT 1
            """));
        Assert.Equal(0L, await PostgresServer.ReadAsync<long>(database, $"""
            SELECT count(*) FROM "PictureContents" WHERE "Jpeg" = '{Secret}' OR "Thumbnail" = '{Secret}'
            """));
    }

    [Fact]
    public async Task Value_that_cannot_be_copied_ends_in_one_line_that_names_table_and_column()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var database = await PostgresServer.NewDatabaseAsync();
        await using var old = await SiteAsync();
        (string Sql, string Table, string Column)[] hostile =
        [
            ("UPDATE Accounts SET Name = x'FF00'", "Accounts", "Name"),
            ("UPDATE Snapshots SET Width = 5000000000", "Snapshots", "Width"),
            ("UPDATE Snapshots SET Bytes = 'many'", "Snapshots", "Bytes"),
            ("UPDATE Snapshots SET TakenAt = 9000000000000000000", "Snapshots", "TakenAt"),
            ("UPDATE Snapshots SET Quality = 'Superb'", "Snapshots", "Quality"),
            (Passkey("'{'"), "AccountPasskeys", "Data"),
            (Passkey("'null'"), "AccountPasskeys", "Data"),
            (Passkey("'[1]'"), "AccountPasskeys", "Data"),
            (Passkey("""'{"PublicKey":7}'"""), "AccountPasskeys", "Data"),
            // Only PostgreSQL refuses these
            (Passkey("""'{"Name":"\u0000"}'"""), "AccountPasskeys", "Data"),
            ("PRAGMA foreign_keys = OFF; UPDATE Snapshots SET EntryId = 999", "Snapshots", "EntryId"),
        ];
        foreach (var (sql, table, column) in hostile)
        {
            var copy = _outside.CreateSubdirectory(Guid.NewGuid().ToString());
            copy.CreateSubdirectory("keys");
            File.Copy(Path.Combine(old.DataDirectory, "sentinelcam.db"), Path.Combine(copy.FullName, "sentinelcam.db"));
            await ExecuteAsync(copy.FullName, sql);

            var run = await CommandRun.OfAsync(null, null, database, "import-data", copy.FullName);

            Assert.True(run.ExitCode == 1, $"{sql}: {run.Output}");
            var line = Assert.Single(run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.Contains($"cannot be imported. A row of {table} ", line, StringComparison.Ordinal);
            Assert.Contains(column, line, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await CommandRun.OfAsync(null, null, database, "import-data", old.DataDirectory)).ExitCode);
    }

    private const string CopyOfThePicture = """
        INSERT INTO Snapshots (FileName, HasThumbnail, Width, Height, Bytes, Sha256, TakenAt, CameraName, Quality, Pinned)
            SELECT $p, 1, Width, Height, Bytes, Sha256, TakenAt, CameraName, Quality, 0 FROM Snapshots ORDER BY Id LIMIT 1
        """;

    private static string Passkey(string json) =>
        $"INSERT INTO AccountPasskeys (CredentialId, UserId, Data) SELECT x'01', Id, {json} FROM Accounts";

    private static string Name(int number, int year = 2026) => $"{year}/01/01/{number:x32}.jpg";

    /// <summary>A site that is stopped, with a picture.</summary>
    private static async Task<SentinelCamApp> SiteAsync()
    {
        var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords, ("Capture:Frames", "1"));
        (await app.RegisterAnnAsync()).Dispose();
        await app.FailToSignInAsync(SentinelCamApp.AnnsEmail);
        await app.WaitForCapturesAsync();
        await app.StopAsync();
        return app;
    }

    private static async Task ExecuteAsync(string directory, string sql, string? parameter = null)
    {
        await using var connection = new SqliteConnection($"Data Source={directory}/sentinelcam.db;Pooling=False");
        await connection.OpenAsync(Cancelled);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        if (parameter is not null)
            command.Parameters.AddWithValue("$p", parameter);
        Assert.True(await command.ExecuteNonQueryAsync(Cancelled) > 0);
    }
}

using System.Net;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Configuration;

/// <summary>
/// How the real process starts: with a configuration that it cannot use, it says so in one line and exits.
/// </summary>
public sealed class StartTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;

    [Theory]
    [InlineData("Camera:Source", "ftp://camera.example/stream", "auto, demo, a device index")]
    [InlineData("Camera:Source", "no-such-film.mp4", "auto, demo, a device index")]
    [InlineData("Camera:Source", "64", "a device index from 0 to 63")]
    [InlineData("Smtp:Port", "99999", "a whole number from 1 to 65535")]
    [InlineData("Smtp:Port", "smtp", "a whole number from 1 to 65535")]
    [InlineData("Smtp:Security", "tls", "Auto, None, StartTls, SslOnConnect")]
    [InlineData("Smtp:From", "nobody", "one mail address")]
    [InlineData("Smtp:Host", "smtp://mail.example", "a host name or an IP address")]
    [InlineData("Alerts:QuietPeriod", "five minutes", "a duration as [days.]hours:minutes:seconds from 00:00:00 to 1.00:00:00")]
    [InlineData("Alerts:QuietPeriod", "-00:05:00", "a duration as")]
    [InlineData("Registration:Mode", "everybody", "Open, Approval, Closed")]
    [InlineData("Registration:Mode", "1", "Open, Approval, Closed")]
    [InlineData("Site:PublicUrl", "cam.example.org", "an address such as https://cam.example.org")]
    [InlineData("Site:PublicUrl", "ftp://cam.example.org", "an address such as https://cam.example.org")]
    [InlineData("Site:PublicUrl", "https://example.org/cam/", "does not work below a path")]
    [InlineData("Site:PublicUrl", "https://example.org/?x=1", "does not work below a path")]
    [InlineData("Retention:MaxAge", "00:30:00", "a duration as [days.]hours:minutes:seconds from 01:00:00")]
    [InlineData("Retention:MaxBytes", "2GiB", "a whole number of bytes, at least 1048576")]
    [InlineData("Retention:Records", "730", "a duration as [days.]hours:minutes:seconds from 1.00:00:00 to 36500.00:00:00")]
    [InlineData("Retention:MaxRecords", "100", "a whole number from 1000 to 100000000")]
    [InlineData("Backup:Folder", "backups", "the absolute path of a folder")]
    [InlineData("Backup:Keep", "0", "a whole number from 1 to 10000")]
    public async Task Invalid_value_stops_the_start_with_one_line(string key, string value, string allowed)
    {
        var line = await LastWordsAsync(Path.Combine(_directory, "data"), (key, value));

        Assert.StartsWith($"{key} is \"{value}\". Allowed: ", line, StringComparison.Ordinal);
        Assert.Contains(allowed, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("foo")]
    [InlineData("http://127.0.0.1:99999")]
    [InlineData("https://127.0.0.1:0")]
    [InlineData("http://192.0.2.1:5000")]
    public async Task Unusable_address_stops_the_start_with_one_line(string urls)
    {
        // An empty home directory has no developer certificate
        var line = await LastWordsAsync(Path.Combine(_directory, "data"), ("Urls", urls), ("HOME", _directory));

        Assert.StartsWith($"Urls is \"{urls}\". Allowed: addresses such as http://localhost:5000 that no other program uses",
            line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_addresses_are_both_answered()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has more than one address of loopback");
        var port = FreePort.Take();
        // As a node behind a proxy is configured
        await using var app = SentinelCamProcess.Start(
            Path.Combine(_directory, "data"), ("Urls", $"http://127.0.0.2:{port};http://localhost:{port}"));
        await app.Address;

        foreach (var host in new[] { "127.0.0.2", "localhost" })
        {
            using var visitor = new WebVisitor(new Uri($"http://{host}:{port}"), "Tests/1.0");
            var answer = await visitor.GetAsync("/register");
            Assert.Equal((host, HttpStatusCode.OK), (host, answer.Status));
        }
    }

    [Fact]
    public async Task Port_in_use_stops_the_start_with_one_line()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        var line = await LastWordsAsync(Path.Combine(_directory, "data"), ("Urls", $"http://{other.LocalEndpoint}"));

        Assert.StartsWith($"Urls is \"http://{other.LocalEndpoint}\". Allowed: ", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("keys")]
    [InlineData("logs")]
    [InlineData("outbox")]
    [InlineData("snapshots")]
    public async Task Unwritable_folder_stops_the_start_and_is_named(string folder)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has access lists in place of modes");
        var data = Path.Combine(_directory, "data");
        foreach (var name in new[] { "keys", "logs", "outbox", "snapshots" })
            Directory.CreateDirectory(Path.Combine(data, name));
        var closed = Path.Combine(data, folder);
        SetMode(closed, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        await using var app = SentinelCamProcess.StartAsOrdinaryUser(data);
        var line = await LastWordsAsync(app);
        SetMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        Assert.StartsWith($"DataDirectory is \"{data}\". Allowed: a directory that this user can create and write", line,
            StringComparison.Ordinal);
        Assert.Contains($"'{Path.Join(closed.TrimEnd('/'), "/.")}", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Session:Idle", "12", "Session:Idle is \"12\". Allowed: a duration as ")]
    [InlineData("Session:Absolute", "01:00:00", "Session:Absolute is \"01:00:00\". Allowed: a duration that is not shorter")]
    public async Task Wrong_limit_of_sessions_stops_the_start(string key, string value, string expected) =>
        Assert.StartsWith(
            expected, await LastWordsAsync(Path.Combine(_directory, "data"), (key, value)), StringComparison.Ordinal);

    [Fact]
    public async Task Password_in_an_invalid_value_is_not_repeated()
    {
        var line = await LastWordsAsync(
            Path.Combine(_directory, "data"), ("Camera:Source", "ftp://ann:secret-word@camera.example/"));

        Assert.StartsWith("Camera:Source is ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_directory_that_is_or_lies_under_a_file_stops_the_start()
    {
        var file = Path.Combine(_directory, "file");
        await File.WriteAllTextAsync(file, "in the way", TestContext.Current.CancellationToken);

        foreach (var path in new[] { file, Path.Combine(file, "below") })
            Assert.StartsWith($"DataDirectory is \"{path}\". Allowed: a directory that this user can create and write",
                await LastWordsAsync(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_directory_that_cannot_be_created_stops_the_start()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has a place where even root cannot write");

        Assert.StartsWith("DataDirectory is \"/proc/sentinelcam\". Allowed: ", await LastWordsAsync("/proc/sentinelcam"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Second_process_on_the_same_data_directory_stops_and_the_first_continues()
    {
        await using var app = await SentinelCamApp.StartAsync();

        var line = await LastWordsAsync(app.DataDirectory);

        Assert.StartsWith($"DataDirectory is \"{app.DataDirectory}\". Allowed: a directory that no other SentinelCam is using",
            line, StringComparison.Ordinal);
        using var visitor = app.Visit();
        Assert.Equal("healthy\n", (await visitor.GetAsync("/healthz")).Text);
    }

    [Fact]
    public async Task Stored_files_are_readable_by_their_owner_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has access lists in place of modes");
        await using var app = await SentinelCamApp.StartAsync();

        foreach (var folder in Directory.EnumerateDirectories(app.DataDirectory).Append(app.DataDirectory))
            Assert.Equal((UnixFileMode)0b111_000_000, new DirectoryInfo(folder).UnixFileMode);
        foreach (var file in Directory.EnumerateFiles(app.DataDirectory))
            Assert.Equal((file, (UnixFileMode)0b110_000_000), (file, new FileInfo(file).UnixFileMode));
    }

    [Theory]
    [InlineData("sentinelcam.db", "This is no database at all. It is longer than the header that SQLite looks for.")]
    [InlineData("sentinelcam.db", "SQLite format 3\0 and then nothing that makes sense")]
    public async Task Damaged_database_stops_the_start_and_stays_unchanged(string name, string content)
    {
        var data = Directory.CreateDirectory(Path.Combine(_directory, "data")).FullName;
        var path = Path.Combine(data, name);
        content = content.PadRight(4096, '.');
        await File.WriteAllTextAsync(path, content, TestContext.Current.CancellationToken);

        var line = await LastWordsAsync(data);

        Assert.StartsWith("DataDirectory is \"", line, StringComparison.Ordinal);
        Assert.Contains("restore it from a backup or move it away", line, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Migration_that_was_cut_off_does_not_block_the_start()
    {
        await using var app = await SentinelCamApp.StartAsync();
        await app.ReadAsync(db => db.Database.ExecuteSqlRawAsync("""
            CREATE TABLE IF NOT EXISTS __EFMigrationsLock (Id INTEGER NOT NULL PRIMARY KEY, Timestamp TEXT NOT NULL);
            INSERT INTO __EFMigrationsLock VALUES (1, '2026-11-26 12:00:00');
            """));

        await using var again = await app.StartAgainAsync();

        using var visitor = again.Visit();
        Assert.Equal("healthy\n", (await visitor.GetAsync("/healthz")).Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ \"Smtp\": { \"Host\":")]
    [InlineData("\0\0\0\0")]
    public async Task Damaged_settings_file_stops_the_start_with_one_line(string content)
    {
        var root = Directory.CreateDirectory(Path.Combine(_directory, "root")).FullName;
        await File.WriteAllTextAsync(Path.Combine(root, "appsettings.json"), content, TestContext.Current.CancellationToken);

        await using var app = SentinelCamProcess.StartIn(root, Path.Combine(_directory, "data"));
        var line = await LastWordsAsync(app);

        Assert.StartsWith("A settings file is ", line, StringComparison.Ordinal);
        Assert.Contains("appsettings.json", line, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
    }

    /// <summary>The one line on standard error of a process that ends at once with exit code 1.</summary>
    private static async Task<string> LastWordsAsync(string dataDirectory, params (string, string?)[] settings)
    {
        await using var app = SentinelCamProcess.Start(dataDirectory, settings);
        return await LastWordsAsync(app);
    }

    private static async Task<string> LastWordsAsync(SentinelCamProcess app)
    {
        Assert.Equal(1, await app.WaitForExitAsync());
        Assert.DoesNotContain("   at ", app.Said, StringComparison.Ordinal);
        return Assert.Single(app.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}

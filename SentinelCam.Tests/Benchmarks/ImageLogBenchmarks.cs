using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Configuration;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>Measures the image log with many entries.</summary>
/// <remarks>Run with <c>-explicit only</c>. Prints tables and asserts no times.</remarks>
public class ImageLogBenchmarks
{
    private const int Rounds = 300;
    private const int WarmUp = 50;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Log_pages_beside_a_million_entries_of_another_owner()
    {
        var times = new ServerTimes();
        await using var app = await SentinelCamApp.StartAsync(null, services =>
        {
            Household.CheapPasswords(services);
            services.AddSingleton<IStartupFilter>(times);
        });
        (await app.RegisterAnnAsync()).Dispose();
        var others = await app.AddAccountAsync("Others", "others@example.org");
        await ManyEntries.AddAsync(app, others, 1_000_000);
        var sizes = new[] { 100, 10_000, 1_000_000 };
        foreach (var size in sizes)
            await ManyEntries.AddAsync(app, await app.AddAccountAsync($"Owner of {size}", $"owner{size}@example.org"), size);

        var rows = new List<(string, IReadOnlyList<double>)>();
        // The first pass warms the compiler up and is dropped
        foreach (var size in (int[])[sizes[0], .. sizes])
        {
            using var owner = await app.VisitAsAsync($"owner{size}@example.org");
            foreach (var (what, path) in new[]
                     {
                         ("first page", "/userdata"),
                         ("page 50 (or the last)", await PageAsync(owner, 50)),
                         ("search for part of the browser's name", "/userdata?Q=Chrome/11"),
                         ("gallery", "/userdata?View=Gallery"),
                         ("search in the gallery", "/userdata?View=Gallery&Q=Chrome/11"),
                         ("search without a match", "/userdata?Q=no-such-text"),
                         ("filter by outcome", "/userdata?Outcome=LockedOut"),
                         ("filter by date and mail", "/userdata?From=2023-01-01&Delivery=Accepted"),
                         ("dashboard", "/dashboard"),
                         ("one alert", await AlertAsync(owner)),
                     })
            {
                for (var round = -WarmUp; round < Rounds; round++)
                {
                    if (round == 0)
                        times.Clear();
                    await owner.GetAsync(path);
                }

                rows.Add(($"{size:N0} entries: {what}", [.. times.Milliseconds]));
            }
        }

        Table.Print("Server time (ms), one request after another", [.. rows.Skip(rows.Count / (sizes.Length + 1))]);
    }

    [Fact(Explicit = true)]
    public async Task Deleting_and_exporting_many_entries()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        (await app.RegisterAnnAsync()).Dispose();
        var id = await app.AddAccountAsync("Owner", "owner@example.org");
        await ManyEntries.AddAsync(app, id, 12_000, pictures: true);
        using var owner = await app.VisitAsAsync("owner@example.org");

        List<double> delete = [];
        for (var round = 0; round < 2; round++)
        {
            var asked = await owner.GetAsync("/delete_log");
            var start = Stopwatch.GetTimestamp();
            await owner.SubmitAsync(asked, new { });
            delete.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        List<(string, IReadOnlyList<double>)> memory = [];
        foreach (var (pictures, filter) in new[] { (1_000, "&To=2023-11-15"), (10_000, "") })
        {
            GC.Collect();
            var samples = new ConcurrentQueue<double>();
            using var done = new CancellationTokenSource();
            var sampler = Task.Run(async () =>
            {
                while (!done.IsCancellationRequested)
                {
                    samples.Enqueue(GC.GetTotalMemory(forceFullCollection: true) / 1048576.0);
                    await Task.Delay(200, CancellationToken.None);
                }
            }, Cancelled);
            var start = Stopwatch.GetTimestamp();
            var bytes = await owner.DrainAsync("/userdata?handler=Export" + filter);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            await done.CancelAsync();
            await sampler;
            var what = $"about {pictures:N0} pictures, {bytes >> 20} MiB in {seconds:0.0} s: live memory of the process (MiB)";
            memory.Add((what, [.. samples]));
        }

        Table.Print("Deleting 1,000 entries with pictures (ms)", ("confirmation to the next page", delete));
        Table.Print("Exporting", [.. memory]);
    }

    private static async Task<string> AlertAsync(WebVisitor owner) =>
        (await owner.GetAsync("/dashboard")).Document.QuerySelector(".alert h3 a")!.GetAttribute("href")!;

    private static async Task<string> PageAsync(WebVisitor owner, int number)
    {
        var path = "/userdata";
        for (var page = 1; page < number; page++)
        {
            var next = (await owner.GetAsync(path)).Document.QuerySelector("li.older a")?.GetAttribute("href");
            if (next is null)
                break;
            path = next;
        }

        return path;
    }

    /// <summary>Measures how long the app takes for each request.</summary>
    private sealed class ServerTimes : IStartupFilter
    {
        private readonly ConcurrentQueue<double> _times = new();

        public IEnumerable<double> Milliseconds => _times;

        public void Clear() => _times.Clear();

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (HttpContext context, RequestDelegate rest) =>
            {
                var start = Stopwatch.GetTimestamp();
                await rest(context);
                _times.Enqueue(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            });
            next(app);
        };
    }
}

/// <summary>Inserts log entries directly into the database.</summary>
internal static class ManyEntries
{
    private const int Batch = 50_000;

    /// <summary>Adds past entries, one a minute, with their alerts and mails. The triggers run as usual.</summary>
    public static async Task AddAsync(SentinelCamApp app, long owner, int count, bool pictures = false)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(10));
        await db.Database.OpenConnectionAsync();
        await db.Database.ExecuteSqlRawAsync("PRAGMA synchronous = OFF");
        var firstAlert = await db.Database.SqlQuery<long>($"SELECT IFNULL(MAX(Id), 0) + 1 AS Value FROM Alerts").SingleAsync();
        for (var done = 0; done < count; done += Batch)
        {
            var end = Math.Min(count, done + Batch);
            await using var transaction = await db.Database.BeginTransactionAsync();
            var first = await db.Database.SqlQuery<long>($"SELECT IFNULL(MAX(Id), 0) AS Value FROM LoginAttempts").SingleAsync();
            var firstEntry = await db.Database.SqlQuery<long>($"SELECT IFNULL(MAX(Id), 0) AS Value FROM ImageLog").SingleAsync();
            // Ten attempts make an alert
            await db.Database.ExecuteSqlAsync($"""
                WITH RECURSIVE n(i) AS (SELECT {done} UNION ALL SELECT i + 10 FROM n WHERE i + 10 < {end})
                INSERT INTO Alerts (Id, OwnerId, RemoteNetwork, OpenedAt, ClosesAt, ClosedAt, Attempts, MailedFrom, NeedsSummary,
                    Captures, AccountTyped, RemoteAddress, LastAt)
                SELECT {firstAlert} + i / 10, {owner}, '203.0.113.1', 1700000000000 + i * 60000,
                    1700000000000 + i * 60000 + 600000, 1700000000000 + i * 60000 + 600000, 10, 1, 1, 10,
                    'owner' || {owner} || '@example.org', 'several addresses', 1700000000000 + i * 60000 + 540000 FROM n
                """);
            await db.Database.ExecuteSqlAsync($"""
                WITH RECURSIVE n(i) AS (SELECT {done} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {end})
                INSERT INTO LoginAttempts (At, AccountTyped, OwnerId, RemoteAddress, UserAgent, Outcome, AlertId,
                    NumberInAlert, ToldBy)
                SELECT 1700000000000 + i * 60000, 'owner' || {owner} || '@example.org', {owner},
                    '203.0.' || (i / 250 % 250) || '.' || (i % 250),
                    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/'
                        || (100 + i % 40) || '.0.0.0 Safari/537.36',
                    CASE i % 50 WHEN 0 THEN 'LockedOut' ELSE 'WrongPassword' END, {firstAlert} + i / 10, i % 10 + 1,
                    CASE i % 10 WHEN 0 THEN 'OwnMail' ELSE 'Summary' END FROM n
                """);
            await db.Database.ExecuteSqlAsync($"""
                INSERT INTO ImageLog (OwnerId, Trigger, At, LoginAttemptId, Outcome, AlertId, CaptureState, CaptureTries,
                    CaptureDueAt)
                SELECT OwnerId, 'FailedLogin', At, Id, Outcome, AlertId, 'Taken', 1, At FROM LoginAttempts WHERE Id > {first}
                """);
            await db.Database.ExecuteSqlAsync($"""
                INSERT INTO Deliveries (Kind, AlertId, EntryId, RecipientId, Recipient, MessageId, State, Tries, SignInRefused,
                    CreatedAt, QueuedAt, DueAt, AcceptedAt)
                SELECT 'Attempt', AlertId, Id, OwnerId, 'owner@example.org', Id || '@bench', 'Accepted', 1, 0, At, At, At, At
                    FROM ImageLog WHERE Id > {firstEntry}
                    AND LoginAttemptId IN (SELECT Id FROM LoginAttempts WHERE Id > {first} AND ToldBy = 'OwnMail')
                """);
            await transaction.CommitAsync();
        }

        if (pictures)
            await AddPicturesAsync(scope.ServiceProvider, db, owner);
        else
            await AddRowsOfPicturesAsync(db, owner);
    }

    /// <summary>Pictures of the newest entries, without files: pages show their addresses only.</summary>
    private static Task<int> AddRowsOfPicturesAsync(SentinelCamDbContext db, long owner) => db.Database.ExecuteSqlAsync($"""
        INSERT INTO Snapshots (EntryId, FileName, HasThumbnail, Width, Height, Bytes, Sha256, TakenAt, CameraName, Quality, Score,
            Pinned)
        SELECT Id, '2023/11/14/' || Id || '.jpg', 0, 640, 480, 1, 'ab', At, 'bench', 'Good', Id % 7, 0
            FROM ImageLog WHERE OwnerId = {owner} ORDER BY At DESC LIMIT 1000
        """);

    private static async Task AddPicturesAsync(IServiceProvider services, SentinelCamDbContext db, long owner)
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
}

using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
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
    public async Task Log_pages_and_searches_among_a_million_entries_on_both_databases()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        await using var server = await PostgresServer.StartOwnAsync(isDurable: true);
        var times = new Dictionary<string, ServerTimes> { ["SQLite"] = new(), ["PostgreSQL"] = new() };
        await using var onFile = await StartWithAMillionAsync(times["SQLite"], []);
        await using var onServer = await StartWithAMillionAsync(times["PostgreSQL"], await server.AddDatabaseAsync());
        using var first = await onFile.VisitAsAsync("owner@example.org");
        using var second = await onServer.VisitAsAsync("owner@example.org");
        var searches = Enumerable.Range(0, Rounds).Select(i => (i % 6) switch
        {
            0 => $"Chrome/1{i % 40:00}",
            1 => "no-such-text",
            2 => "AppleWebKit",
            3 => $"Chrome/1{i % 4}",
            // Sixteen of a million each
            _ => $"203.0.{i * 7 % 250}.{i * 13 % 250}",
        }).ToList();

        var pages = new (string What, Func<WebVisitor, Task<Func<int, string>>> Path)[]
        {
            ("first page", _ => Task.FromResult<Func<int, string>>(_ => "/userdata")),
            ("page 50", async visitor =>
            {
                var page = await PageAsync(visitor, 50);
                return _ => page;
            }),
            ("filter by outcome", _ => Task.FromResult<Func<int, string>>(_ => "/userdata?Outcome=LockedOut")),
            ("search, each for another text", _ => Task.FromResult<Func<int, string>>(
                i => $"/userdata?Q={Uri.EscapeDataString(searches[Math.Max(0, i)])}")),
            ("dashboard", _ => Task.FromResult<Func<int, string>>(_ => "/dashboard")),
        };
        var rows = new List<(string, IReadOnlyList<double>)>();
        // The first pass warms the compiler up and is dropped
        foreach (var (what, path) in pages.Concat(pages))
        {
            foreach (var (name, visitor) in new[] { ("SQLite", first), ("PostgreSQL", second) })
            {
                var pathOf = await path(visitor);
                for (var round = -WarmUp; round < Rounds; round++)
                {
                    if (round == 0)
                        times[name].Clear();
                    await visitor.GetAsync(pathOf(round));
                }

                rows.Add(($"{name}: {what}", [.. times[name].Milliseconds]));
            }
        }

        Table.Print("A million entries of one owner, server time (ms), one request after another",
            [.. rows.Skip(rows.Count / 2)]);
    }

    private static async Task<SentinelCamApp> StartWithAMillionAsync(
        ServerTimes times, (string Key, string? Value)[] database)
    {
        var app = await SentinelCamApp.StartAsync(null, services =>
        {
            Household.CheapPasswords(services);
            services.AddSingleton<IStartupFilter>(times);
        }, database);
        (await app.RegisterAnnAsync()).Dispose();
        await ManyEntries.AddAsync(app, await app.AddAccountAsync("Owner", "owner@example.org"), 1_000_000);
        return app;
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

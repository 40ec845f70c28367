using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>Measures activity with many lines.</summary>
/// <remarks>Run with <c>-explicit only</c>. Prints a table and asserts no times.</remarks>
public class ActivityBenchmarks
{
    private const int Lines = 1_000_000;
    private const int Rounds = 100;

    [Fact(Explicit = true)]
    public async Task Pages_and_searches_among_a_million_lines()
    {
        await using var app = await SentinelCamApp.StartAsync(services: Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        // One in a thousand lines is Ann's; details, addresses and browsers are as varied as those of a busy site
        var begun = Stopwatch.GetTimestamp();
        var bytes = new FileInfo(Path.Combine(app.DataDirectory, "sentinelcam.db")).Length;
        await app.ReadAsync(db => db.Database.ExecuteSqlRawAsync(
            $"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Lines})
            INSERT INTO AccountActivity (At, AccountId, Actor, ActorId, Kind, Detail, RemoteAddress, Browser)
                SELECT (unixepoch() - ({Lines} - i) * 60) * 1000, IIF(i % 1000 = 0, 1, 2 + i % 499), 'Owner', 2 + i % 499,
                    CASE i % 7 WHEN 0 THEN 'SignedOut' WHEN 1 THEN 'EntriesDeleted' WHEN 2 THEN 'FailedSignIns'
                        WHEN 3 THEN 'PasskeyAdded' ELSE 'SignedIn' END,
                    CASE i % 7 WHEN 1 THEN i % 200 WHEN 3 THEN 'key ' || i ELSE 'pwd' END,
                    '203.0.' || (i * 7 % 200) || '.' || (i % 251),
                    'Chrome ' || (120 + i % 40) || ' on '
                        || CASE i % 3 WHEN 0 THEN 'Linux' WHEN 1 THEN 'Windows' ELSE 'Android' END
                FROM n
            """));
        var inserted = Stopwatch.GetElapsedTime(begun);
        await app.ReadAsync(db => db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(TRUNCATE)"));
        bytes = new FileInfo(Path.Combine(app.DataDirectory, "sentinelcam.db")).Length - bytes;
        Console.WriteLine($"{inserted.TotalSeconds:0.0} s for {Lines} lines, {bytes / Lines} bytes each with all indexes");

        var rows = new List<(string, IReadOnlyList<double>)>();
        foreach (var (what, path) in new[]
                 {
                     ("warm-up", "/settings/activity"),
                     ("owner's page", "/settings/activity"),
                     ("owner's page 10", $"/settings/activity?Before=1_{Lines / 2}"),
                     ("administrator's page", "/admin/activity"),
                     ("search for a common browser", "/admin/activity?Q=Chrome"),
                     ("search for one line", "/admin/activity?Q=key+500004"),
                     ("search for an address", "/admin/activity?Q=203.0.113.9"),
                     ("search for an account", "/admin/activity?Q=ann%40example.org"),
                     ("search for an event", "/admin/activity?Q=passkey"),
                     ("search without a match", "/admin/activity?Q=no-such-text"),
                     ("group", "/admin/activity?Group=Failures"),
                     ("group without lines", "/admin/activity?Group=Settings"),
                     ("text, group and month", "/admin/activity?Q=Android&Group=SignIns&Days=30"),
                     ("month", "/admin/activity?Days=30"),
                     ("account and group, nothing in common", "/admin/activity?Q=ann%40example.org&Group=Administration"),
                 })
        {
            var times = new List<double>();
            for (var round = 0; round < Rounds; round++)
            {
                begun = Stopwatch.GetTimestamp();
                await ann.GetAsync(path);
                times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }

            rows.Add((what, times));
        }

        begun = Stopwatch.GetTimestamp();
        var length = await ann.DrainAsync("/admin/activity?handler=Export&format=Csv");
        Console.WriteLine($"Export as CSV: {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s, {length} bytes");
        Table.Print("Time of a request (ms), one after another", [.. rows.Skip(1)]);
    }
}

using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Tests.Support;
using SentinelCam.Visitors;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>Measures what the row of a session adds to a request.</summary>
/// <remarks>Run with <c>-explicit only</c>. Prints a table and asserts no times.</remarks>
public class SessionBenchmarks
{
    private const int Rounds = 2_000, WarmUp = 200;

    [Fact(Explicit = true)]
    public async Task Finding_the_session_of_a_request()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        var account = await app.ReadAsync(db => db.Users.AsNoTracking().SingleAsync());
        string key;
        await using (var scope = app.Services.CreateAsyncScope())
        {
            key = await scope.ServiceProvider.GetRequiredService<AccountSessions>()
                .OpenAsync(account.Id, account.SecurityStamp!, new Visitor("127.0.0.1", "Tests/1.0", true), null);
        }

        // What every request did before there were rows
        var before = await MeasureAsync(
            app, services => services.GetRequiredService<SentinelCamDbContext>().Users.AnyAsync(a => a.Id == account.Id));
        var remembered = await MeasureAsync(app, services => services.GetRequiredService<AccountSessions>().FindAsync(key));
        var read = await MeasureAsync(app, services => services.GetRequiredService<AccountSessions>().FindAsync(key),
            () => app.ReadAsync(db => db.Sessions.ExecuteUpdateAsync(set => set.SetProperty(s => s.AccessFailedCount, 0))));
        var page = await MeasureAsync(app, _ => ann.GetAsync("/settings/security"));
        Table.Print("The session of a request (µs)", ("account looked up, as before", before),
            ("session, remembered", remembered), ("session, after a commit", read), ("GET /settings/security in all", page));
    }

    private static async Task<List<double>> MeasureAsync(
        SentinelCamApp app, Func<IServiceProvider, Task> work, Func<Task>? between = null)
    {
        List<double> times = [];
        for (var round = -WarmUp; round < Rounds; round++)
        {
            if (between is not null)
                await between();
            await using var scope = app.Services.CreateAsyncScope();
            var start = Stopwatch.GetTimestamp();
            await work(scope.ServiceProvider);
            if (round >= 0)
                times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        return times;
    }
}

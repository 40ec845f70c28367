using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using MimeKit;
using SentinelCam.Cameras;
using SentinelCam.Data;
using SentinelCam.Tests.Support;
using SentinelCam.Watch;

namespace SentinelCam.Tests.Watch;

/// <summary>An app that watches itself, on a clock and with a camera that the test holds.</summary>
internal static class WatchedApp
{
    public static (string Key, string? Value)[] Settings(params (string Key, string? Value)[] settings) =>
        [("Watch:Mode", "On"), .. settings];

    public static Action<IServiceCollection> With(SteadyCamera camera) => services =>
    {
        Household.CheapPasswords(services);
        services.AddSingleton<ICamera>(camera);
    };

    /// <summary>Moves the clock by so many steps of five minutes, with a look at each minute.</summary>
    public static async Task LookAsync(this SentinelCamApp app, FakeTimeProvider clock, int fiveMinutes)
    {
        for (var i = 0; i < 5 * fiveMinutes; i++)
            await app.LookAsync(clock);
    }

    /// <summary>Moves the clock to the next look, and waits for its end.</summary>
    public static Task LookAsync(this SentinelCamApp app, FakeTimeProvider clock) => LookAsync(clock, app);

    /// <summary>Moves the clock of some apps that were started at the same time of it to their next looks.</summary>
    public static async Task LookAsync(FakeTimeProvider clock, params SentinelCamApp[] apps)
    {
        // Not further: a look at the camera that has begun would run out of time
        await LookAfterAsync(apps, clock, loop => clock.Advance(TimeSpan.FromTicks(
            TimeSpan.TicksPerMinute - (clock.GetElapsedTime(loop.StartedAt).Ticks % TimeSpan.TicksPerMinute))),
            () => Task.WhenAll(apps.Select(app => app.CallAsync(clock))));
    }

    /// <summary>
    /// Waits for the calls that are due, while the clock stands still: how long a call takes by it is part of the comparison with
    /// another clock.
    /// </summary>
    private static async Task CallAsync(this SentinelCamApp app, FakeTimeProvider clock)
    {
        if (app.Services.GetServices<IHostedService>().OfType<DeadMansSwitch>().SingleOrDefault() is { } calls)
        {
            await Eventually.TrueAsync(
                () => calls.Calls >= (int)(clock.GetElapsedTime(calls.StartedAt) / DeadMansSwitch.Interval), app.Log);
        }
    }

    /// <summary>Moves the clock as a machine that sleeps does, and waits for the end of the look after it.</summary>
    public static Task SleepAsync(this SentinelCamApp app, FakeTimeProvider clock, TimeSpan time) =>
        LookAfterAsync([app], clock, _ => clock.Sleep(time), () => Task.CompletedTask);

    private static async Task LookAfterAsync(
        SentinelCamApp[] apps, FakeTimeProvider clock, Action<WatchLoop> move, Func<Task> afterwards)
    {
        var loops = Array.ConvertAll(apps, app => app.Services.GetRequiredService<WatchLoop>());
        await Eventually.TrueAsync(() => Array.TrueForAll(loops, loop => loop.StartedAt > 0), apps[0].Log);
        var looks = Array.ConvertAll(loops, loop => loop.Looks);
        move(loops[0]);
        await afterwards();
        // It takes some seconds of the same clock. In small steps, so that a busy machine has the time to judge a picture
        await Eventually.TrueAsync(
            () => loops.Zip(looks).All(pair => pair.First.Looks > pair.Second), apps[0].Log,
            meanwhile: () => clock.Advance(TimeSpan.FromMilliseconds(50)));
    }

    /// <summary>Looks until the database's answer satisfies.</summary>
    public static async Task<T> LookUntilAsync<T>(
        this SentinelCamApp app, FakeTimeProvider clock, Func<SentinelCamDbContext, Task<T>> query, Func<T, bool> satisfies)
    {
        for (var minute = 0; minute < 200; minute++)
        {
            if (await app.ReadAsync(query) is var answer && satisfies(answer))
                return answer;
            await app.LookAsync(clock);
        }

        throw new TimeoutException($"Not within 200 minutes of the clock\n{app.Log()}");
    }

    /// <summary>Looks until a trouble was told.</summary>
    public static Task<Trouble?> WaitForToldAsync(this SentinelCamApp app, FakeTimeProvider clock, TroubleKind kind) =>
        app.LookUntilAsync(clock, db => db.Troubles.AsNoTracking().SingleOrDefaultAsync(t => t.Kind == kind),
            trouble => trouble is { ToldAt: not null });

    /// <summary>Looks until there is no trouble of the kind.</summary>
    public static Task WaitForOverAsync(this SentinelCamApp app, FakeTimeProvider clock, TroubleKind kind) =>
        app.LookUntilAsync(clock, db => db.Troubles.CountAsync(t => t.Kind == kind), troubles => troubles == 0);

    /// <summary>The subjects of the notices so far, in order.</summary>
    public static Task<List<string>> NoticesAsync(this SentinelCamApp app) => app.ReadAsync(async db =>
        (await db.Deliveries.Where(d => d.Kind == MailKind.WatchNotice).OrderBy(d => d.Id).Select(d => d.Changes!).ToListAsync())
            .ConvertAll(changes => changes.Split('\n')[0]));

    /// <summary>The banner that a person sees, without markup; empty if there is none.</summary>
    public static async Task<string> BannerAsync(this WebVisitor visitor) =>
        new AngleSharp.Html.Parser.HtmlParser().ParseDocument((await visitor.GetAsync("/settings")).Text)
            .GetElementById("watch-trouble")?.TextContent ?? "";

    public static MimeMessage Mail(this SentinelCamApp app, string subject) =>
        app.Mails().Single(mail => mail.Subject!.StartsWith(subject, StringComparison.Ordinal));
}

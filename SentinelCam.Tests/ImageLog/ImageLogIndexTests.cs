using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.ImageLog;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.ImageLog;

/// <summary>The database keeps its derived data up to date.</summary>
[Trait("Database", "Both")]
public class ImageLogIndexTests(Household household) : IClassFixture<Household>
{
    private const string LongAccount = "somebody.with.a.very.long.name@subdomain.of.a.very.long.domain.example.org";
    private const string Browser =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

    private readonly SentinelCamApp _app = household.App;

    [Theory]
    [InlineData("\" OR Owner : \"", 0)]
    [InlineData("quoted \"agent\" *", 1)]
    [InlineData("NEAR(", 1)]
    [InlineData("ÉCOLE", 1)]
    [InlineData("日本語", 1)]
    [InlineData("zz", 3)]
    [InlineData("\0\0\0\u0007", 3)]
    public async Task Search_treats_every_input_as_plain_text(string text, int found)
    {
        var email = $"any{Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(text))}@example.org";
        var id = await _app.AddAccountAsync("Any", email);
        foreach (var agent in new[] { "quoted \"agent\" * NEAR(x", "école", "日本語 browser" })
            await _app.FailToSignInAsync(email, userAgent: agent, isCaptured: false);

        await using var scope = _app.Services.CreateAsyncScope();
        var places = await scope.ServiceProvider.GetRequiredService<ImageLogIndex>()
            .FindAsync(new Viewer(id, false), new ImageLogFilter(text), null, 10, TestContext.Current.CancellationToken);

        Assert.Equal(found, places.Count);
    }

    [Theory]
    [InlineData(LongAccount)]
    [InlineData("somebody.with.a.very.long.name")]
    [InlineData("subdomain.of.a.very.long.domain.example.org")]
    [InlineData(Browser)]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64)")]
    [InlineData("Gecko) Chrome/126.0.0.0 Safari/537.36")]
    public async Task Long_text_is_found_whole_and_by_its_beginning_and_end(string text)
    {
        var id = await _app.ReadAsync(db => db.Users.Where(a => a.Email == LongAccount).Select(a => a.Id).SingleOrDefaultAsync());
        if (id == 0)
            id = await _app.AddAccountAsync("Long", LongAccount);
        var entry = await _app.FailToSignInAsync(LongAccount, userAgent: Browser, isCaptured: false);

        Assert.Contains(entry, await FindAsync(new Viewer(id, false), text));
        Assert.Empty(await FindAsync(new Viewer(id, false), text + "x"));
    }

    [Fact]
    public async Task Derived_data_follows_deletion_account_removal_and_mail_state()
    {
        var id = await _app.AddAccountAsync("Gone", "gone@example.org");
        var first = await _app.FailToSignInAsync("gone@example.org", userAgent: "derived one", isCaptured: false);
        var second = await _app.FailToSignInAsync("gone@example.org", userAgent: "derived two", isCaptured: false);
        var nobody = new Viewer(0, true);
        Assert.Equal([second, first], await FindAsync(new Viewer(id, false), "derived"));
        Assert.Empty(await FindAsync(nobody, "derived"));
        Assert.Equal(2, await AttemptsAsync(id));

        // The worst state of several mails counts
        await _app.ReadAsync(async db =>
        {
            db.AddRange(
                NewDelivery("a@mail", DeliveryState.Accepted, first), NewDelivery("b@mail", DeliveryState.Sending, first));
            return await db.SaveChangesAsync();
        });
        Assert.Equal(MailState.Waiting, await MailStateAsync(first));
        await _app.ReadAsync(db => db.Deliveries.Where(d => d.MessageId == "b@mail")
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.State, DeliveryState.Failed)));
        Assert.Equal(MailState.Failed, await MailStateAsync(first));
        await _app.ReadAsync(db => db.Deliveries.Where(d => d.MessageId == "b@mail")
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.State, DeliveryState.Accepted)));
        Assert.Equal(MailState.Accepted, await MailStateAsync(first));
        Assert.Null(await MailStateAsync(second));

        await _app.ReadAsync(db => db.ImageLog.Where(e => e.Id == second).ExecuteDeleteAsync());
        Assert.Equal([first], await FindAsync(new Viewer(id, false), "derived"));
        Assert.Equal(2, await AttemptsAsync(id));

        await _app.ReadAsync(db => db.Users.Where(a => a.Id == id).ExecuteDeleteAsync());
        Assert.Empty(await FindAsync(new Viewer(id, false), "derived"));
        Assert.Equal([first], await FindAsync(nobody, "derived"));
        Assert.Equal(0, await AttemptsAsync(id));
    }

    private async Task<IEnumerable<long>> FindAsync(Viewer viewer, string text)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        return (await scope.ServiceProvider.GetRequiredService<ImageLogIndex>()
            .FindAsync(viewer, new ImageLogFilter(text), null, 10)).Select(p => p.Id);
    }

    private async Task<long> AttemptsAsync(long owner)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        var days = await scope.ServiceProvider.GetRequiredService<ImageLogQuery>()
            .AttemptsPerDayAsync(new Viewer(owner, false), household.Clock.GetUtcNow(), 30);
        return days.Sum(day => day.Attempts);
    }

    private Task<MailState?> MailStateAsync(long entry) =>
        _app.ReadAsync(db => db.ImageLog.Where(e => e.Id == entry).Select(e => e.MailState).SingleAsync());

    private Delivery NewDelivery(string messageId, DeliveryState state, long entry) => new()
    {
        Kind = MailKind.Attempt,
        EntryId = entry,
        Recipient = "gone@example.org",
        MessageId = messageId,
        State = state,
        CreatedAt = household.Clock.GetUtcNow(),
        DueAt = household.Clock.GetUtcNow().AddDays(1),
    };
}

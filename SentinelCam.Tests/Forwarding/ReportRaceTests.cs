using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Forwarding;

/// <summary>What happens twice at a central SentinelCam, or at the same time.</summary>
[Trait("Database", "Both")]
public class ReportRaceTests(CentralSite central) : IClassFixture<CentralSite>
{
    [Fact]
    [Trait("Pictures", "Files")]
    public async Task Copies_of_one_report_that_arrive_at_once_make_one_entry()
    {
        var entry = central.Entry() with { Epoch = "copies", Picture = CentralSite.Picture(TestJpeg.Demo()) };
        var files = central.Files();

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => central.App.ReportAsync(central.Token, 1, entry)));

        Assert.Single(answers, HttpStatusCode.Created);
        Assert.Equal(4, answers.Count(status => status is HttpStatusCode.OK));
        Assert.Equal(1, await central.App.ReadAsync(db => db.ReceivedEntries.CountAsync(r => r.Epoch == "copies")));
        Assert.Equal(1, await central.App.ReadAsync(db => db.Snapshots.CountAsync()));
        // The picture and its thumbnail
        Assert.InRange(central.Files() - files, 1, 2);
    }

    [Fact]
    public async Task Code_that_two_trade_at_once_is_worth_one_token()
    {
        var bob = await central.App.ReadAsync(
            db => db.Users.Where(a => a.Email == Household.Bobs).Select(a => a.Id).SingleAsync());
        var code = await central.Ann.InviteDeviceAsync("A wanted tablet", [bob]);

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => central.App.TradeAsync(code)));

        Assert.Single(answers, answer => answer.StatusCode is HttpStatusCode.OK);
        Assert.Equal(4, answers.Count(answer => answer.StatusCode is HttpStatusCode.Unauthorized));
        foreach (var answer in answers)
            answer.Dispose();
    }

    [Fact]
    public async Task Each_answer_says_whether_the_entry_has_arrived_also_to_a_revoked_device()
    {
        var token = await central.App.EnrolAsync(central.Ann, "A lost phone", forAdministrators: false, Household.Bobs);
        var entry = central.Entry() with { Epoch = "revoked" };
        Assert.Equal((HttpStatusCode.Created, "1"), await central.App.AskAsync(token, 1, entry));
        var id = await central.App.ReadAsync(
            db => db.ReportingDevices.Where(d => d.Name == "A lost phone").Select(d => d.Id).SingleAsync());
        await central.Ann.SubmitAsync("/admin/nodes", new { }, $"/admin/nodes?id={id}&handler=Revoke");

        Assert.Equal((HttpStatusCode.Unauthorized, "1"), await central.App.AskAsync(token, 1, entry with { Version = 2 }));
        Assert.Equal((HttpStatusCode.Unauthorized, null), await central.App.AskAsync(token, 2, entry));
        Assert.Equal((HttpStatusCode.Unauthorized, null), await central.App.AskAsync(token, 1, entry with { Epoch = "other" }));
        // Another device cannot ask for it
        Assert.Equal((HttpStatusCode.Forbidden, null),
            await central.App.AskAsync(central.Token, 1, entry with { Owner = Household.Eves }));
    }
}

using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Forwarding;
using SentinelCam.Tests.Support;
using static SentinelCam.Tests.Forwarding.CentralSite;

namespace SentinelCam.Tests.Forwarding;

/// <summary>What a central SentinelCam refuses. The device with the token may report for Bob only.</summary>
[Trait("Database", "Both")]
public class HostileReportTests(CentralSite central) : IClassFixture<CentralSite>, IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await central.App.ReadAsync(db => db.ImageLog.ExecuteDeleteAsync());

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task Unknown_token_is_refused_before_the_body_is_read(string? token)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await central.App.ReportAsync(token, 1, "not JSON"u8.ToArray()));
        await central.NothingIsAddedAsync();
    }

    [Theory]
    [InlineData("not JSON", HttpStatusCode.BadRequest)]
    [InlineData("null", HttpStatusCode.BadRequest)]
    [InlineData("{}", HttpStatusCode.BadRequest)]
    public async Task Body_that_is_no_report_is_refused(string body, HttpStatusCode status)
    {
        Assert.Equal(status, await central.App.ReportAsync(central.Token, 1, Encoding.UTF8.GetBytes(body)));
        await central.NothingIsAddedAsync();
    }

    [Theory]
    [InlineData("epoch", "null")]
    [InlineData("epoch", "\"\"")]
    [InlineData("epoch", "\"a b\"")]
    [InlineData("epoch", "\"\\u0000\"")]
    [InlineData("owner", "\"\\u0000\"")]
    [InlineData("version", "0")]
    [InlineData("version", "99999999999")]
    [InlineData("count", "-1")]
    [InlineData("outcome", "\"Test\"")]
    [InlineData("outcome", "7")]
    [InlineData("outcome", "\"Nonsense\"")]
    [InlineData("outcome", "\"NotChecked, SucceededInNewBrowser, WrongCode, LockedOut\"")]
    [InlineData("origin", "\"AtDevice, OverNetwork\"")]
    [InlineData("at", "\"1969-01-01T00:00:00Z\"")]
    [InlineData("sentAt", "\"9999-12-31T23:59:59Z\"")]
    [InlineData("clockErrorSeconds", "9223372036854775807")]
    [InlineData("accountTyped", "null")]
    [InlineData("strip", "null")]
    [InlineData("strip", "[null]")]
    public async Task Value_out_of_range_is_refused(string field, string value)
    {
        var body = JsonSerializer.SerializeToNode(central.Entry(), ReportedEntry.Json)!.AsObject();
        body[field] = JsonNode.Parse(value);
        var bytes = Encoding.UTF8.GetBytes(body.ToJsonString());
        Assert.Equal(HttpStatusCode.BadRequest, await central.App.ReportAsync(central.Token, 1, bytes));
        await central.NothingIsAddedAsync();
    }

    [Fact]
    public async Task Epoch_in_the_address_that_no_database_takes_is_refused()
    {
        var (status, version) = await central.App.AskAsync(central.Token, 1, central.Entry() with { Epoch = "%00" });

        Assert.Equal((HttpStatusCode.BadRequest, null), (status, version));
        await central.NothingIsAddedAsync();
    }

    [Fact]
    public async Task Body_beyond_the_limit_is_refused()
    {
        var status = await central.App.ReportAsync(central.Token, 1, new byte[ReportedEntry.MaxBytes + 1]);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
        await central.NothingIsAddedAsync();
    }

    [Fact]
    public async Task Picture_that_is_no_jpeg_or_has_another_hash_is_refused()
    {
        var picture = TestJpeg.Demo();
        byte[] trailing = [.. picture, 1, 2, 3];
        foreach (var bad in new[]
        {
            Picture("<script>"u8.ToArray()), Picture([]), Picture(picture[..1000]), Picture(trailing),
            Picture(picture) with { Sha256 = new string('0', 64) }, Picture(picture) with { Sha256 = "" },
        })
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity,
                await central.App.ReportAsync(central.Token, 1, central.Entry() with { Picture = bad }));
            var entry = central.Entry() with { Picture = Picture(picture), Strip = [bad] };
            Assert.Equal(HttpStatusCode.UnprocessableEntity, await central.App.ReportAsync(central.Token, 1, entry));
        }

        await central.NothingIsAddedAsync();
    }

    [Theory]
    [InlineData(Household.Eves)]
    [InlineData(SentinelCamApp.AnnsEmail)]
    [InlineData("nobody@example.org")]
    [InlineData(null)]
    public async Task Report_for_another_owner_is_refused(string? owner)
    {
        Assert.Equal(HttpStatusCode.Forbidden,
            await central.App.ReportAsync(central.Token, 1, central.Entry() with { Owner = owner }));
        await central.NothingIsAddedAsync();
    }

    [Fact]
    public async Task Other_methods_and_forms_do_nothing_there()
    {
        using var visitor = central.App.Visit();

        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await visitor.GetAsync("/api/devices/entries/1")).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await visitor.SendAsync("DELETE", "/api/devices/entries/1")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await visitor.PostAsync("/api/devices/enrol", [new("code", "x")])).Status);
        await central.NothingIsAddedAsync();
    }

    [Fact]
    public async Task Old_version_that_arrives_late_changes_nothing_and_a_deleted_entry_stays_deleted()
    {
        var first = central.Entry() with { Epoch = "replay", IsPictureToCome = true };
        var second = first with { Version = 2, IsPictureToCome = false, Picture = Picture(TestJpeg.Demo()) };
        Assert.Equal(HttpStatusCode.Created, await central.App.ReportAsync(central.Token, 8, second));
        var files = central.Files();

        var late = first with { Outcome = LoginOutcome.LockedOut };
        Assert.Equal(HttpStatusCode.OK, await central.App.ReportAsync(central.Token, 8, late));
        Assert.Equal(HttpStatusCode.OK, await central.App.ReportAsync(central.Token, 8, second));
        var entry = await central.App.ReadAsync(
            db => db.ImageLog.Include(e => e.LoginAttempt).Include(e => e.Snapshot).SingleAsync());
        Assert.Equal((CaptureState.Taken, LoginOutcome.RefusedByDevice), (entry.CaptureState, entry.LoginAttempt!.Outcome));
        Assert.Equal("Bob's phone", entry.LoginAttempt.ReportedBy);
        Assert.Equal(files, central.Files());
        // The same id after a backup was restored on the device is another entry
        var restored = second with { Epoch = "restored" };
        Assert.Equal(HttpStatusCode.Created, await central.App.ReportAsync(central.Token, 8, restored));
        Assert.Equal(2, await central.App.ReadAsync(db => db.ImageLog.CountAsync()));

        await central.App.ReadAsync(db => db.ImageLog.ExecuteDeleteAsync());
        Assert.Equal(HttpStatusCode.OK, await central.App.ReportAsync(central.Token, 8, second with { Version = 3 }));
        await central.NothingIsAddedAsync();
    }

    [Fact]
    public async Task Used_or_expired_code_is_worth_nothing_and_no_secret_is_stored()
    {
        var bob = await BobAsync();
        var code = await central.Ann.InviteDeviceAsync("A tablet", [bob]);
        using (var answer = await central.App.TradeAsync(code))
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using (var again = await central.App.TradeAsync(code))
            Assert.Equal(HttpStatusCode.Unauthorized, again.StatusCode);

        var late = await central.Ann.InviteDeviceAsync("A watch", [bob]);
        central.Clock.Advance(DeviceEnrolment.CodeLifetime);
        using (var expired = await central.App.TradeAsync(late))
            Assert.Equal(HttpStatusCode.Unauthorized, expired.StatusCode);

        Assert.DoesNotContain("A watch", (await central.Ann.GetAsync("/admin/nodes")).Text, StringComparison.Ordinal);
        foreach (var (path, bytes) in central.App.Kept())
        {
            foreach (var secret in new[] { code, late, central.Token })
                Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) < 0, path);
        }
    }

    [Fact]
    public async Task Token_is_shown_once_on_the_page_and_works()
    {
        var bob = await BobAsync();
        var page = await central.Ann.GetAsync("/admin/nodes");
        var shown = await central.Ann.PostAsync("/admin/nodes?handler=Invite",
        [
            new("Name", "A desk"), new("Owners", $"{bob}"), new("__RequestVerificationToken", page.Token),
        ]);

        var answer = await central.Ann.SubmitAsync(shown, new { }, "/admin/nodes?handler=Trade");

        var token = answer.Document.QuerySelector("#token")!.GetAttribute("value")!;
        Assert.StartsWith("no-store", answer.Headers["Cache-Control"], StringComparison.Ordinal);
        Assert.DoesNotContain(token, (await central.Ann.GetAsync("/admin/nodes")).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden,
            await central.App.ReportAsync(token, 1, central.Entry() with { Owner = Household.Eves }));
        Assert.Equal(HttpStatusCode.Forbidden, (await central.Bob.GetAsync("/admin/nodes")).Status);
    }

    [Fact]
    public async Task Command_on_the_page_trades_the_code()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/curl"), "curl is not installed");
        var bob = await BobAsync();
        var page = await central.Ann.GetAsync("/admin/nodes");
        var shown = await central.Ann.PostAsync("/admin/nodes?handler=Invite",
        [
            new("Name", "A shed"), new("Owners", $"{bob}"), new("__RequestVerificationToken", page.Token),
        ]);

        var command = shown.Document.QuerySelector("pre code")!.TextContent;
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", command]) { RedirectStandardOutput = true })!;
        var answer = JsonNode.Parse(await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken))!;

        Assert.Equal(("A shed", 43), ((string?)answer["device"], ((string?)answer["token"])?.Length));
    }

    [Fact]
    public async Task Wrong_clock_of_a_device_is_kept_and_said()
    {
        var now = central.Clock.GetUtcNow();
        var entry = central.Entry() with { Epoch = "clock", SentAt = now.AddHours(-2), At = now.AddHours(-3) };
        Assert.Equal(HttpStatusCode.Created, await central.App.ReportAsync(central.Token, 1, entry));

        var received = await central.App.ReadAsync(db => db.ReceivedEntries.SingleAsync(r => r.Epoch == "clock"));
        Assert.Equal((now.AddHours(-3), now.AddHours(-2), now), (received.DeviceAt, received.SentAt, received.ReceivedAt));
        var row = await central.App.ReadAsync(db => db.ImageLog.SingleAsync());
        Assert.Equal((now.AddHours(-3), 7200), (row.At, row.ClockErrorSeconds));
        var page = await central.Bob.GetAsync("/userdata");
        Assert.Contains("The clock of Bob's phone was wrong then.", page.Document.Body!.TextContent, StringComparison.Ordinal);
        Assert.Contains("2 h behind", (await central.Ann.GetAsync("/admin/nodes")).Text, StringComparison.Ordinal);
    }

    private Task<long> BobAsync() =>
        central.App.ReadAsync(db => db.Users.Where(a => a.Email == Household.Bobs).Select(a => a.Id).SingleAsync());
}

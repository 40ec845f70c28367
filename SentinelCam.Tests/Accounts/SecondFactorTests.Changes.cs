using System.Net;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Accounts;

/// <content>Turning it off, and renewing the recovery codes.</content>
public sealed partial class SecondFactorTests
{
    [Theory]
    [InlineData("Off")]
    [InlineData("Renew")]
    public async Task Password_and_session_do_not_get_rid_of_it(string handler)
    {
        var hashes = await HashesAsync();
        for (var i = 0; i < 6; i++)
        {
            var refused = await _ann.SubmitAsync(Page, new { Code = _phone.WrongCode() }, $"{Page}?handler={handler}");
            Assert.Equal(i < 5 ? HttpStatusCode.OK : HttpStatusCode.TooManyRequests, refused.Status);
        }

        // Neither by turning it on with a key of one's own
        var page = await _ann.GetAsync(Page);
        var own = new AuthenticatorApp("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", _clock);
        await _ann.PostAsync($"{Page}?handler=On",
            [new("Key", own.Key), new("Code", own.Code()), new("__RequestVerificationToken", page.Token)]);

        Assert.True(await _app.ReadAsync(db => db.Users.Select(a => a.TwoFactorEnabled).SingleAsync()));
        Assert.Equal(hashes, await HashesAsync());
        Assert.Equal(5, await _app.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.Outcome == LoginOutcome.WrongCode)));
        // The sign-in is not locked
        using var other = _app.Visit();
        Assert.Equal("/dashboard", (await other.EnterCodeAsync(await other.EnterPasswordAsync(Ann), _phone.Code())).Path);
    }

    [Fact]
    public async Task Password_entered_again_gives_no_more_guesses()
    {
        for (var i = 0; i < 5; i++)
        {
            // Longer than a proof lasts, so that the password is entered each time
            _clock.Advance(TimeSpan.FromMinutes(6));
            await _ann.SubmitAsync(Page, new { Code = _phone.WrongCode() }, $"{Page}?handler=Off");
        }

        var refused = await _ann.SubmitAsync(Page, new { Code = _phone.Code() }, $"{Page}?handler=Off");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
        Assert.True(await _app.ReadAsync(db => db.Users.Select(a => a.TwoFactorEnabled).SingleAsync()));
    }

    [Fact]
    public async Task Owner_turns_it_off_with_a_recovery_code()
    {
        using var other = _app.Visit();
        await other.EnterCodeAsync(await other.EnterPasswordAsync(Ann), _phone.Code(), trust: true);

        var off = await _ann.SubmitAsync(Page, new { Code = _phone.RecoveryCodes[0] }, $"{Page}?handler=Off");

        Assert.Equal("/settings/security", off.Path);
        Assert.Contains(
            "turned off: from now on, the password alone is enough", await LastNoticeAsync(), StringComparison.Ordinal);
        Assert.Equal("/login", (await other.GetAsync("/dashboard")).Path);
        Assert.Equal("/dashboard", (await other.SignInAsync(Ann, SentinelCamApp.Password)).Path);
        Assert.Empty(await HashesAsync());
    }

    [Fact]
    public async Task Page_shows_what_is_stored_when_a_change_could_not_be_saved()
    {
        await _app.ReadAsync(db => db.Database.ExecuteSqlRawAsync(db.Dialect.IsFile
            ? "CREATE TRIGGER Full BEFORE DELETE ON RecoveryCodes BEGIN SELECT RAISE(ABORT, 'full'); END"
            : """
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END $$;
            CREATE TRIGGER "Full" BEFORE DELETE ON "RecoveryCodes" FOR EACH ROW EXECUTE FUNCTION fail();
            """));

        var off = await _ann.SubmitAsync(Page, new { Code = _phone.Code() }, $"{Page}?handler=Off");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, off.Status);
        Assert.Contains("The second factor is on", off.Main, StringComparison.Ordinal);
        Assert.Contains("10 recovery codes are left", off.Main, StringComparison.Ordinal);
        Assert.True(await _app.ReadAsync(db => db.Users.Select(a => a.TwoFactorEnabled).SingleAsync()));
    }

    [Fact]
    public async Task New_recovery_codes_replace_the_old_ones_and_can_be_saved()
    {
        var renewed = await _ann.SubmitAsync(Page, new { Code = _phone.Code() }, $"{Page}?handler=Renew");
        var codes = renewed.Document.QuerySelectorAll(".codes code").Select(code => code.TextContent).ToList();
        Assert.Equal(10, codes.Except(_phone.RecoveryCodes).Count());
        Assert.Equal("New recovery codes were made. The earlier ones no longer work.", await LastNoticeAsync());

        using var other = _app.Visit();
        var step = await other.EnterPasswordAsync(Ann);
        Assert.Equal("/login/code", (await other.EnterCodeAsync(step, _phone.RecoveryCodes[0])).Path);
        Assert.Equal("/dashboard", (await other.EnterCodeAsync(step, codes[0])).Path);

        var file = await _ann.PostAsync($"{Page}?handler=Save",
            [.. codes.Select(code => KeyValuePair.Create("Codes", code)), new("__RequestVerificationToken", renewed.Token)]);
        Assert.Equal("attachment; filename=sentinelcam-recovery-codes.txt; filename*=UTF-8''sentinelcam-recovery-codes.txt",
            file.Headers["Content-Disposition"]);
        Assert.All(codes, code => Assert.Contains(code, file.Text, StringComparison.Ordinal));
        var forged = await _ann.PostAsync($"{Page}?handler=Save",
            [new("Codes", "<script>"), new("__RequestVerificationToken", renewed.Token)]);
        Assert.Equal(HttpStatusCode.BadRequest, forged.Status);
    }
}

using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.People;

/// <summary>A copy of everything about an account.</summary>
[Trait("Database", "Both")]
public class AccountExportTests(AccountExportTests.HouseholdWithHistory household)
    : IClassFixture<AccountExportTests.HouseholdWithHistory>
{
    private readonly SentinelCamApp _app = household.App;

    [Trait("Pictures", "Files")]
    [Fact]
    public async Task Export_has_what_the_database_has_about_its_owner_and_no_secret()
    {
        var bob = await _app.ReadAsync(db => db.Users.AsNoTracking().SingleAsync(a => a.Email == Household.Bobs));

        var answer = await household.Bob.SubmitAsync("/settings/data", new { }, "/settings/data?handler=Export");

        Assert.Equal("application/zip", answer.Headers["Content-Type"]);
        Assert.Contains("attachment; filename=\"sentinelcam-account-", answer.Headers["Content-Disposition"],
            StringComparison.Ordinal);
        await using var zip = new ZipArchive(new MemoryStream(answer.Body));
        var readme = await TextAsync(zip, "README.txt");
        // Each file is explained, and each that is explained is there
        Assert.All(zip.Entries.Where(e => e.Name != "README.txt" && !e.Name.EndsWith(".jpg", StringComparison.Ordinal)),
            file => Assert.Contains(file.Name, readme, StringComparison.Ordinal));
        var account = (await JsonAsync(zip, "account.json"))[0];
        Assert.Equal((bob.Name, bob.Email), (account.GetProperty("name").GetString(), account.GetProperty("email").GetString()));
        Assert.Equal(bob.RegisteredAt, account.GetProperty("registeredAt").GetDateTimeOffset());
        Assert.Equal(2, account.GetProperty("recoveryCodesLeft").GetInt32());
        var passkey = Assert.Single(await JsonAsync(zip, "passkeys.json"));
        Assert.Equal(("Bob's phone", HouseholdWithHistory.PasskeyAddedAt),
            (passkey.GetProperty("name").GetString(), passkey.GetProperty("createdAt").GetDateTimeOffset()));
        Assert.Equal(JsonValueKind.Null, passkey.GetProperty("lastUsedAt").ValueKind);
        await CompareAsync(zip, "sessions.json", db => db.Sessions.Where(s => s.AccountId == bob.Id).Select(s => s.Id));
        await CompareAsync(zip, "browsers.json", db => db.KnownBrowsers.Where(b => b.AccountId == bob.Id).Select(b => b.Id));
        await CompareAsync(zip, "links.json", db => db.AccountLinks.Where(l => l.AccountId == bob.Id).Select(l => l.Id));
        await CompareAsync(zip, "attempts.json", db => db.LoginAttempts.Where(a => a.OwnerId == bob.Id).Select(a => a.Id));
        await CompareAsync(zip, "alerts.json", db => db.Alerts.Where(a => a.OwnerId == bob.Id).Select(a => a.Id));
        await CompareAsync(zip, "activity.json", db => db.Activity.Where(a => a.AccountId == bob.Id).Select(a => a.Id));
        await CompareAsync(zip, "mails.json", db => db.Deliveries.Where(d => d.RecipientId == bob.Id).Select(d => d.Id));
        await CompareAsync(zip, "image-log.json",
            db => db.ImageLog.Where(e => e.OwnerId == bob.Id).OrderByDescending(e => e.At).ThenByDescending(e => e.Id)
                .Select(e => e.Id), hasOrder: true);
        Assert.True((await JsonAsync(zip, "attempts.json")).Count > 200, "so that there is more than one page");
        Assert.Equal("NotMe", (await JsonAsync(zip, "alerts.json"))[0].GetProperty("answer").GetString());
        Assert.Contains("bobs-user", await TextAsync(zip, "device-users.json"), StringComparison.Ordinal);

        var store = _app.Pictures;
        var pictures = await _app.ReadAsync(db => db.Snapshots
            .Where(s => db.ImageLog.Any(e => e.OwnerId == bob.Id
                && (e.Id == s.EntryId || (s.StripOfId != null && e.Snapshot!.Id == s.StripOfId))))
            .Select(s => s.FileName).ToListAsync());
        Assert.NotEmpty(pictures);
        Assert.Equal(pictures.Select(name => new FileInfo(store.PathOf(name)).Length).Order(),
            zip.Entries.Where(e => e.Name.EndsWith(".jpg", StringComparison.Ordinal)).Select(e => e.Length).Order());

        var keys = await _app.ReadAsync(db => db.Sessions.Select(s => s.KeyHash).Concat(db.KnownBrowsers.Select(b => b.KeyHash))
            .Concat(db.AccountLinks.Select(l => l.Key)).Concat(db.RecoveryCodes.Select(c => c.Hash)).ToListAsync());
        string?[] secrets =
        [
            bob.PasswordHash, bob.SecurityStamp, bob.ConcurrencyStamp, bob.PendingRecipientKey,
            HouseholdWithHistory.AnnsNetworkAddress, HouseholdWithHistory.AnnsBrowser,
            Convert.ToBase64String(HouseholdWithHistory.PasskeySecret), .. keys,
        ];
        Assert.NotNull(bob.PendingRecipientKey);
        foreach (var file in zip.Entries.Where(e => !e.Name.EndsWith(".jpg", StringComparison.Ordinal)))
        {
            var text = await TextAsync(zip, file.Name);
            Assert.DoesNotContain(
                secrets, secret => secret is { Length: > 0 } && text.Contains(secret, StringComparison.Ordinal));
            Assert.DoesNotContain(Household.Eves, text, StringComparison.Ordinal);
            Assert.DoesNotContain(SentinelCamApp.AnnsEmail, text, StringComparison.Ordinal);
        }

        Assert.True(await _app.ReadAsync(
            db => db.Activity.AnyAsync(a => a.AccountId == bob.Id && a.Kind == ActivityKind.DataExported)));
    }

    [Fact]
    public async Task Administrator_exports_nobodys_attempts_neither_there()
    {
        await _app.FailToSignInAsync("stranger@example.net", isCaptured: false);

        var answer = await household.Ann.SubmitAsync("/settings/data", new { }, "/settings/data?handler=Export");

        await using var zip = new ZipArchive(new MemoryStream(answer.Body));
        foreach (var file in zip.Entries.Where(e => !e.Name.EndsWith(".jpg", StringComparison.Ordinal)))
            Assert.DoesNotContain("stranger@example.net", await TextAsync(zip, file.Name), StringComparison.Ordinal);
    }

    [Trait("Pictures", "Files")]
    [Fact]
    public async Task Only_one_export_of_an_account_runs_at_once()
    {
        var eve = await _app.ReadAsync(db => db.Users.Where(a => a.Email == Household.Eves).Select(a => a.Id).SingleAsync());
        await using var scope = _app.Services.CreateAsyncScope();
        // Ten large pictures do not fit into the buffers between the app and a reader that reads nothing
        await _app.ReadAsync(async db =>
        {
            var store = _app.Pictures;
            for (var i = 0; i < 10; i++)
            {
                var now = household.Clock.GetUtcNow();
                var name = $"2026/01/01/{i:x32}.jpg";
                Directory.CreateDirectory(Path.GetDirectoryName(store.PathOf(name))!);
                await File.WriteAllBytesAsync(store.PathOf(name), new byte[4 << 20], TestContext.Current.CancellationToken);
                var entry = db.Add(new ImageLogEntry
                {
                    OwnerId = eve,
                    Trigger = CaptureTrigger.Manual,
                    At = now,
                    CaptureState = CaptureState.Taken,
                    CaptureDueAt = now,
                }).Entity;
                entry.Snapshot = new Snapshot { FileName = name, Sha256 = "", CameraName = "", TakenAt = now, Bytes = 4 << 20 };
            }

            return await db.SaveChangesAsync();
        });
        var token = (await household.Eve.GetAsync("/settings/data")).Token;
        using var handler = new HttpClientHandler { UseProxy = false, UseCookies = false };
        using var http = new HttpClient(handler) { BaseAddress = _app.Address };
        using var first = await http.SendAsync(Request(), HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);

        using var second = await http.SendAsync(Request(), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await household.Eve.GetAsync("/settings/data")).Status);
        first.Dispose();
        await Eventually.TrueAsync(async () =>
        {
            using var third = await http.SendAsync(Request(), HttpCompletionOption.ResponseHeadersRead,
                TestContext.Current.CancellationToken);
            return third.StatusCode == HttpStatusCode.OK;
        });

        HttpRequestMessage Request()
        {
            var request = new HttpRequestMessage(HttpMethod.Post, "/settings/data?handler=Export")
            {
                Content = new FormUrlEncodedContent([new("__RequestVerificationToken", token)]),
            };
            request.Headers.TryAddWithoutValidation("Cookie", household.Eve.CookiesFor(_app.Address));
            return request;
        }
    }

    private async Task CompareAsync(
        ZipArchive zip, string file, Func<SentinelCamDbContext, IQueryable<long>> ids, bool hasOrder = false)
    {
        var stored = await _app.ReadAsync(db => (hasOrder ? ids(db) : ids(db).Order()).ToListAsync());
        Assert.NotEmpty(stored);
        Assert.Equal(stored, (await JsonAsync(zip, file)).Select(row => row.GetProperty("id").GetInt64()));
    }

    private static async Task<string> TextAsync(ZipArchive zip, string name)
    {
        using var reader = new StreamReader(zip.GetEntry(name)!.Open());
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<IReadOnlyList<JsonElement>> JsonAsync(ZipArchive zip, string name) =>
        [.. JsonDocument.Parse(await TextAsync(zip, name)).RootElement.EnumerateArray()];

    public sealed class HouseholdWithHistory : Household
    {
        public const string AnnsNetworkAddress = "192.0.2.77", AnnsBrowser = "Browser of an administrator";

        public static readonly DateTimeOffset PasskeyAddedAt = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

        public static readonly byte[] PasskeySecret = [.. Enumerable.Range(65, 24).Select(i => (byte)i)];

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            await App.FailToSignInAsync(Bobs);
            await App.WaitForCapturesAsync();
            for (var i = 0; i < 205; i++)
                await App.FailToSignInAsync(Bobs, isCaptured: false);
            await App.FailToSignInAsync(Eves, isCaptured: false);
            await Bob.SubmitAsync("/settings", new { Recipient = "second@example.org" }, "/settings?handler=Recipient");
            await App.ReadAsync(async db =>
            {
                var bob = await db.Users.SingleAsync(a => a.Email == Bobs);
                db.Add(new DeviceUser { Name = "bobs-user", AccountId = bob.Id });
                db.Add(new IdentityUserPasskey<long>
                {
                    UserId = bob.Id,
                    CredentialId = PasskeySecret,
                    Data = new IdentityPasskeyData
                    {
                        Name = "Bob's phone",
                        CreatedAt = PasskeyAddedAt,
                        PublicKey = PasskeySecret,
                        AttestationObject = PasskeySecret,
                        ClientDataJson = PasskeySecret,
                    },
                });
                db.AddRange(
                    new RecoveryCode { AccountId = bob.Id, Hash = "a hash of a code" },
                    new RecoveryCode { AccountId = bob.Id, Hash = "another hash of a code" });
                db.Add(new AccountActivity
                {
                    AccountId = bob.Id,
                    Actor = ActivityActor.Administrator,
                    Kind = ActivityKind.DeviceUserAssigned,
                    Detail = "",
                    RemoteAddress = AnnsNetworkAddress,
                    Browser = AnnsBrowser,
                });
                db.Add(new AccountLink { Purpose = LinkPurpose.ResetPassword, AccountId = bob.Id, Key = "a key of a link" });
                db.Add(new AccountActivity
                {
                    AccountId = bob.Id,
                    Kind = ActivityKind.SignedIn,
                    Detail = "",
                    RemoteAddress = "",
                    Browser = "",
                });
                (await db.Alerts.FirstAsync(a => a.OwnerId == bob.Id)).Answer = AlertAnswer.NotMe;
                return await db.SaveChangesAsync();
            });
        }
    }
}

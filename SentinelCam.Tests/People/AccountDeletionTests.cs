using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Jobs;
using SentinelCam.People;
using SentinelCam.Snapshots;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.People;

/// <summary>The end of an account: nothing that names it is left, whatever happens meanwhile.</summary>
[Trait("Database", "Both")]
public class AccountDeletionTests
{
    private const string Zoes = "zoe@example.org";

    [Theory]
    [InlineData("Anonymize", 0, 0)]
    [InlineData("Nobody", 2, 1)]
    public async Task Deleted_account_leaves_no_row_that_names_it_and_no_file(string mode, int entries, int alerts)
    {
        await using var app = await SentinelCamApp.StartAsync(
            null, Household.CheapPasswords, ("Accounts:OnDeletion", mode), ("Retention:MaxBytes", "100000000"));
        using var ann = await app.RegisterAnnAsync();
        // Before there is such an account
        await app.FailToSignInAsync("ZOE@example.org");
        await app.WaitForCapturesAsync();
        var nobodys = Files(app, "snapshots");
        var (zoe, id) = await AccountTraces.LeaveAsync(app);
        using var owner = zoe;
        using var copy = app.Visit();
        copy.TakeCookies(app.Address, zoe);
        var (files, mails) = (Files(app, "snapshots"), Files(app, "outbox"));
        // On PostgreSQL, pictures are rows
        var keepsFiles = app.Services.GetRequiredService<IPictureStore>() is PictureFolder;
        Assert.True(files.Length >= nobodys.Length + (keepsFiles ? 4 : 0) && mails.Length >= 3,
            string.Join('\n', files.Concat(mails)));
        Assert.NotEmpty(await AccountTraces.FindAsync(app, id));

        var answer = await zoe.SubmitAsync(
            "/settings/data", new { Address = " Zoe@example.org " }, "/settings/data?handler=Delete");

        Assert.Equal("/login", answer.Path);
        Assert.Contains("Your account was deleted", answer.Main, StringComparison.Ordinal);
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.AccountDeleted), mails => mails == 0);
        Assert.Equal([], await AccountTraces.FindAsync(app, id));
        Assert.Equal(nobodys.Order(), Files(app, "snapshots").Order());
        var goodbye = Assert.Single(Files(app, "outbox"), file =>
            File.ReadAllText(file).Contains("To: zoe@example.org", StringComparison.OrdinalIgnoreCase));
        Assert.Contains("was deleted", await File.ReadAllTextAsync(goodbye, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Equal("/login", (await copy.GetAsync("/dashboard")).Path);
        Assert.Equal("/login", (await zoe.SignInAsync(Zoes, SentinelCamApp.Password)).Path);

        // The attempts are still counted. The first one was nobody's before
        Assert.Equal(3, await app.ReadAsync(db => db.LoginAttempts.CountAsync(a => a.Id <= 3)));
        Assert.Equal(entries + 1, await app.ReadAsync(db => db.ImageLog.CountAsync(e => e.LoginAttemptId <= 3)));
        Assert.Equal(alerts + 1, await app.ReadAsync(db => db.Alerts.CountAsync(a => a.Entries > 0 && a.Id <= 2)));
        Assert.Contains("deleted account", (await ann.GetAsync("/userdata?Q=deleted+account")).Main, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await ann.GetAsync("/dashboard")).Status);
    }

    [Fact]
    public async Task Last_administrator_and_whoever_mistypes_the_address_keep_their_accounts()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();

        Assert.Contains("You are the only administrator", (await ann.SubmitAsync("/settings/data",
            new { Address = SentinelCamApp.AnnsEmail }, "/settings/data?handler=Delete")).Main, StringComparison.Ordinal);
        Assert.Contains("This is the only administrator", (await ann.SubmitAsync("/admin/accounts/1",
            new { Address = SentinelCamApp.AnnsEmail }, "/admin/accounts/1?handler=Delete")).Main, StringComparison.Ordinal);
        Assert.Contains("is not the account's email address", (await ann.SubmitAsync("/settings/data",
            new { Address = "anne@example.org" }, "/settings/data?handler=Delete")).Main, StringComparison.Ordinal);

        Assert.Equal("/dashboard", (await ann.GetAsync("/dashboard")).Path);
    }

    [Fact]
    public async Task Administrator_deletes_the_account_of_another_administrator_and_its_owner_is_told()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        var (zoe, id) = await AccountTraces.LeaveAsync(app);
        using var owner = zoe;
        await ann.SubmitAsync($"/admin/accounts/{id}", new { }, $"/admin/accounts/{id}?handler=MakeAdministrator");

        var answer = await zoe.SubmitAsync(
            "/admin/accounts/1", new { Address = SentinelCamApp.AnnsEmail }, "/admin/accounts/1?handler=Delete");

        Assert.Contains("The account was deleted", answer.Main, StringComparison.Ordinal);
        Assert.Equal("/login", (await ann.GetAsync("/dashboard")).Path);
        Assert.Contains("You are the only administrator", (await zoe.SubmitAsync("/settings/data",
            new { Address = Zoes }, "/settings/data?handler=Delete")).Main, StringComparison.Ordinal);
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.AccountDeleted), mails => mails == 0);
        Assert.Contains(Files(app, "outbox"), file =>
            File.ReadAllText(file).Contains("An administrator did this", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Deletion_takes_invitations_of_the_address_and_leaves_other_owners_the_links_that_undo_a_change()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        await app.AddAccountAsync("Zoe", Zoes);
        using var zoe = await app.VisitAsAsync(Zoes);
        // Ann's account had the address until somebody changed it
        var undo = AccountTraces.NewLink(1, Zoes);
        var invitation = AccountTraces.NewLink(1, "ZOE@example.org");
        invitation.Purpose = LinkPurpose.Invitation;
        await app.ReadAsync(db =>
        {
            db.AddRange(undo, invitation);
            return db.SaveChangesAsync();
        });

        await zoe.SubmitAsync("/settings/data", new { Address = Zoes }, "/settings/data?handler=Delete");

        Assert.Equal([undo.Id], await app.ReadAsync(db => db.AccountLinks.Select(l => l.Id).ToListAsync()));
    }

    [Trait("Pictures", "Files")]
    [Fact]
    public async Task Crash_between_files_and_rows_is_finished_by_the_next_hourly_job()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        var (zoe, id) = await AccountTraces.LeaveAsync(app);
        zoe.Dispose();
        // As a crash leaves it: marked, some files gone
        File.Delete(Files(app, "snapshots")[0]);
        await app.ReadAsync(db => db.Users.Where(a => a.Id == id).ExecuteUpdateAsync(set => set
            .SetProperty(a => a.DeletedAt, DateTimeOffset.UtcNow).SetProperty(a => a.ApprovedAt, (DateTimeOffset?)null)));
        Assert.Contains("being deleted", (await ann.GetAsync("/admin/accounts")).Main, StringComparison.Ordinal);
        var approve = await ann.PostAsync($"/admin/accounts?id={id}&handler=Approve",
            [new("__RequestVerificationToken", (await ann.GetAsync("/settings")).Token)]);
        Assert.Equal(HttpStatusCode.NotFound, approve.Status);
        // A capture that was requested in the last moment
        await app.ReadAsync(db =>
        {
            db.Add(new ImageLogEntry { OwnerId = id, Trigger = CaptureTrigger.Manual, At = DateTimeOffset.UtcNow });
            return db.SaveChangesAsync();
        });

        await using (var scope = app.Services.CreateAsyncScope())
        {
            await ActivatorUtilities.CreateInstance<RetentionJob>(scope.ServiceProvider)
                .RunAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal([], await AccountTraces.FindAsync(app, id));
        // A capture that was running removes its picture when it finds no row
        await Eventually.TrueAsync(() => Files(app, "snapshots").Length == 0);
    }

    [Trait("Pictures", "Files")]
    [Fact]
    public async Task File_that_cannot_be_deleted_keeps_its_row_until_it_can()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        var (zoe, id) = await AccountTraces.LeaveAsync(app);
        using var owner = zoe;
        // A mount point or a share that has gone away answers so, too: not even root deletes from a read-only file system
        var busy = await app.ReadAsync(db => db.Snapshots.Select(s => s.FileName).FirstAsync());
        var path = Path.Combine(app.DataDirectory, "snapshots", busy);
        Assert.SkipUnless(OperatingSystem.IsLinux() && await MakeImmutableAsync(path, "+i"), "chattr is not possible here");

        Assert.Equal("/login", (await zoe.SubmitAsync("/settings/data", new { Address = Zoes },
            "/settings/data?handler=Delete")).Path);
        Assert.True(File.Exists(path));
        Assert.True(await app.ReadAsync(db => db.Users.AnyAsync(a => a.Id == id && a.DeletedAt != null)));
        Assert.Equal("/login", (await zoe.GetAsync("/dashboard")).Path);
        await MakeImmutableAsync(path, "-i");
        await using (var scope = app.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<AccountDeletion>()
                .FinishAllAsync(TestContext.Current.CancellationToken);
        }

        Assert.False(File.Exists(path));
        await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.AccountDeleted), mails => mails == 0);
        Assert.Equal([], await AccountTraces.FindAsync(app, id));
    }

    [Trait("Pictures", "Files")]
    [Fact]
    public async Task Attempts_captures_and_sign_ins_that_arrive_meanwhile_leave_nothing_behind()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        for (var round = 0; round < 3; round++)
        {
            var (zoe, id) = await AccountTraces.LeaveAsync(app);
            using var owner = zoe;
            using var stop = new CancellationTokenSource();
            var visitors = Enumerable.Range(0, 4).Select(i => Task.Run(async () =>
            {
                using var visitor = app.Visit();
                while (!stop.IsCancellationRequested)
                {
                    await visitor.SignInAsync(Zoes, i % 2 == 0 ? "a wrong password" : SentinelCamApp.Password);
                    await visitor.GetAsync("/capture");
                }
            })).ToList();
            for (var i = 0; i < 3; i++)
                await zoe.SubmitAsync("/capture", new { });

            Assert.Equal("/login", (await zoe.SubmitAsync("/settings/data", new { Address = Zoes },
                "/settings/data?handler=Delete")).Path);
            await stop.CancelAsync();
            await Task.WhenAll(visitors);
            await app.WaitForCapturesAsync();

            // What visitors typed after the end is what they typed
            await app.ReadAsync(db => db.Database.ExecuteSqlAsync($"""
                UPDATE "LoginAttempts" SET "AccountTyped" = '' WHERE "AccountTyped" = {Zoes};
                UPDATE "Alerts" SET "AccountTyped" = '' WHERE "AccountTyped" = {Zoes};
                UPDATE "ImageLog" SET "OwnerId" = NULL WHERE "OwnerId" IS NULL
                """));
            await app.WaitForAsync(db => db.Deliveries.CountAsync(d => d.Kind == MailKind.AccountDeleted), mails => mails == 0);
            Assert.Equal([], await AccountTraces.FindAsync(app, id));
            // A strip may still be on its way
            await Eventually.TrueAsync(async () =>
            {
                var known = await app.ReadAsync(db => db.Snapshots.Select(s => s.FileName).ToListAsync());
                return Files(app, "snapshots").Where(f => !f.EndsWith(".thumb.jpg", StringComparison.Ordinal))
                    .Select(f => Path.GetRelativePath(Path.Combine(app.DataDirectory, "snapshots"), f))
                    .Order(StringComparer.Ordinal).SequenceEqual(known.Order(StringComparer.Ordinal));
            });
        }

        // A sign-in that was accepted just before the end opens no session, which EF Core logs
        Assert.DoesNotContain("unhandled", app.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Session_that_only_memory_holds_keeps_no_others_from_being_written()
    {
        await using var app = await SentinelCamApp.StartAsync(null, Household.CheapPasswords);
        using var ann = await app.RegisterAnnAsync();
        var pending = app.Services.GetRequiredService<PendingSessions>();
        pending.Open(new Session
        {
            KeyHash = "0",
            AccountId = 987_654,
            SecurityStamp = "",
            UserAgent = "",
            RemoteAddress = "",
            OpenedAt = DateTimeOffset.UtcNow,
        });
        await app.ReadAsync(async db =>
        {
            await pending.WriteAsync(db);
            return 0;
        });

        Assert.Null(pending.Opened("0"));
    }

    private static string[] Files(SentinelCamApp app, string folder)
    {
        var path = Path.Combine(app.DataDirectory, folder);
        return Directory.Exists(path) ? Directory.GetFiles(path, "*", SearchOption.AllDirectories) : [];
    }

    private static async Task<bool> MakeImmutableAsync(string path, string change)
    {
        using var chattr = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("chattr", [change, path])
        {
            RedirectStandardError = true,
        });
        await chattr!.WaitForExitAsync(TestContext.Current.CancellationToken);
        return chattr.ExitCode == 0;
    }
}

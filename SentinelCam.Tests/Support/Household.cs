using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.LoginAttempts;
using SentinelCam.People;
using SentinelCam.Visitors;

namespace SentinelCam.Tests.Support;

/// <summary>
/// An app that the tests of a class share. Ann is its administrator, Bob and Eve are owners, all signed in; Carol waits for
/// approval. The clock stands still until a test moves it, and passwords are hashed cheaply.
/// </summary>
public class Household : IAsyncLifetime
{
    public const string Bobs = "bob@example.org";
    public const string Eves = "eve@example.org";
    public const string Carols = "carol@example.org";

    public FakeTimeProvider Clock { get; } = TestClock.AtNoon();

    public SentinelCamApp App { get; private set; } = null!;

    public WebVisitor Ann { get; private set; } = null!;

    public WebVisitor Bob { get; private set; } = null!;

    public WebVisitor Eve { get; private set; } = null!;

    /// <summary>Signed in nowhere.</summary>
    public WebVisitor Nobody { get; private set; } = null!;

    protected virtual (string Key, string? Value)[] Settings => [];

    /// <summary>Makes sign-ins fast, and allows many wrong ones, for tests that are not about their cost.</summary>
    public static void CheapPasswords(IServiceCollection services)
    {
        services.Configure<PasswordHasherOptions>(options => options.IterationCount = 1_000);
        AllowManyGuesses(services);
    }

    /// <summary>Delays no sign-in, however many wrong ones came before.</summary>
    public static void AllowManyGuesses(IServiceCollection services) => services.Replace(ServiceDescriptor.Singleton(
        provider => new SignInDelays(provider.GetRequiredService<TimeProvider>(), int.MaxValue, int.MaxValue)));

    public virtual async ValueTask InitializeAsync()
    {
        App = await SentinelCamApp.StartAsync(Clock, Replace, Settings);
        Ann = await App.RegisterAnnAsync();
        await App.AddAccountAsync("Carol", Carols, approved: false);
        await App.AddAccountAsync("Bob", Bobs);
        await App.AddAccountAsync("Eve", Eves);
        Bob = await App.VisitAsAsync(Bobs);
        Eve = await App.VisitAsAsync(Eves);
        Nobody = App.Visit();
    }

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var visitor in new[] { Ann, Bob, Eve, Nobody })
            visitor?.Dispose();
        await App.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected virtual void Replace(IServiceCollection services) => CheapPasswords(services);
}

/// <summary>What tests of a whole app do to it.</summary>
public static class HouseholdActions
{
    /// <summary>Adds an account without the form.</summary>
    public static async Task<long> AddAccountAsync(
        this SentinelCamApp app, string userName, string email, bool approved = true, string password = SentinelCamApp.Password)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var now = scope.ServiceProvider.GetRequiredService<TimeProvider>().GetUtcNow();
        var account = new Account
        {
            UserName = email,
            Name = userName,
            Email = email,
            EmailConfirmed = true,
            RegisteredAt = now,
            ApprovedAt = approved ? now : null,
            RegisteredFrom = approved ? null : "192.0.2.1",
        };
        var created = await scope.ServiceProvider.GetRequiredService<UserManager<Account>>().CreateAsync(account, password);
        Assert.True(created.Succeeded, string.Join(' ', created.Errors.Select(error => error.Description)));
        return account.Id;
    }

    /// <summary>Lets an account in, as the administrator does.</summary>
    public static async Task ApproveAsync(this SentinelCamApp app, string email)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var account = await scope.ServiceProvider.GetRequiredService<UserManager<Account>>().FindByEmailAsync(email);
        Assert.Equal(AdministrationOutcome.Done,
            await scope.ServiceProvider.GetRequiredService<AccountAdministration>().ApproveAsync(account!.Id));
    }

    /// <summary>A browser that is signed in, and not for the first time: nobody is told.</summary>
    public static async Task<WebVisitor> VisitAsAsync(this SentinelCamApp app, string email)
    {
        var visitor = app.Visit();
        await using var scope = app.Services.CreateAsyncScope();
        var account = await scope.ServiceProvider.GetRequiredService<UserManager<Account>>().FindByEmailAsync(email);
        var known = await scope.ServiceProvider.GetRequiredService<KnownBrowsers>()
            .RenewAsync(account!.Id, account.SecurityStamp!, oldKey: null, alertId: null);
        visitor.AddCookie(app.Address, $"{app.SessionCookie}.Browser.{account.Id}", known!.Value.Key);
        Assert.Equal("/dashboard", (await visitor.SignInAsync(email, SentinelCamApp.Password)).Path);
        return visitor;
    }

    /// <summary>
    /// A failed sign-in as the form records it, from any address and browser. The capture of one that is not captured is due only
    /// in two minutes, so that its entry stays as it is.
    /// </summary>
    /// <returns>The entry's id.</returns>
    public static async Task<long> FailToSignInAsync(
        this SentinelCamApp app, string email, string remoteAddress = "127.0.0.1", string userAgent = "Tests/1.0",
        bool isCaptured = true) =>
        (await app.SubmitAsync(email, passwordIsRight: false, remoteAddress, userAgent, isCaptured)).EntryId!.Value;

    /// <summary>A right or a wrong password as the form records it, from any address and browser. Nobody is signed in.</summary>
    /// <returns>Whether the form would sign in, and the entry's id, if there is one.</returns>
    public static async Task<(bool IsAccepted, long? EntryId)> SubmitAsync(
        this SentinelCamApp app, string email, bool passwordIsRight, string remoteAddress = "127.0.0.1",
        string userAgent = "Tests/1.0", bool isCaptured = true)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SentinelCamDbContext>();
        var account = await scope.ServiceProvider.GetRequiredService<UserManager<Account>>().FindByEmailAsync(email);
        var now = scope.ServiceProvider.GetRequiredService<TimeProvider>().GetUtcNow();
        var recorder = scope.ServiceProvider.GetRequiredService<LoginAttemptRecorder>();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var decision = await scope.ServiceProvider.GetRequiredService<SignInPolicy>()
            .DecideAsync(account?.Id ?? 0, passwordIsRight, now);
        var attempt = new LoginAttempt
        {
            At = now,
            AccountTyped = account?.Email ?? TypedAccount.ForRecord(email),
            OwnerId = decision.OwnerId,
            RemoteAddress = remoteAddress,
            UserAgent = userAgent,
            Outcome = decision.Refusal ?? LoginOutcome.SucceededAfterFailures,
        };
        var isRecorded = true;
        if (decision.Refusal is null)
            isRecorded = await recorder.AddSuccessAsync(attempt, now);
        else
            await recorder.AddFailureAsync(attempt, now);
        var entry = isRecorded ? db.ChangeTracker.Entries<ImageLogEntry>().Single().Entity : null;
        if (entry is not null && !isCaptured)
            entry.CaptureDueAt = now.AddMinutes(2);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        return (decision.Refusal is null, entry?.Id);
    }

    /// <summary>Starts the capture of an entry, whether it is due or not.</summary>
    public static Task CaptureAsync(this SentinelCamApp app, long entryId)
    {
        var now = app.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        return app.ReadAsync(db => db.ImageLog.Where(e => e.Id == entryId)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.CaptureDueAt, now)));
    }

    /// <summary>Waits until no entry waits for its picture.</summary>
    public static Task WaitForCapturesAsync(this SentinelCamApp app) =>
        app.WaitForAsync(db => db.ImageLog.CountAsync(e => e.CaptureState == CaptureState.Waiting), waiting => waiting == 0);

    /// <summary>Waits until no alert is open.</summary>
    public static Task WaitForClosedAlertsAsync(this SentinelCamApp app) =>
        app.WaitForAsync(db => db.Alerts.CountAsync(a => a.ClosedAt == null), open => open == 0);

    /// <summary>All files of the data directory with their content.</summary>
    public static IEnumerable<(string Path, byte[] Bytes)> Kept(this SentinelCamApp app)
    {
        foreach (var path in Directory.EnumerateFiles(app.DataDirectory, "*", SearchOption.AllDirectories))
        {
            // A file that is being written has another name a moment later, and is skipped
            if (Path.GetFileName(path) == ".lock" || !File.Exists(path))
                continue;
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var copy = new MemoryStream();
            file.CopyTo(copy);
            yield return (path, copy.ToArray());
        }
    }
}

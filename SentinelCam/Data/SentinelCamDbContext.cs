using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace SentinelCam.Data;

/// <summary>
/// The source of truth: <c>sentinelcam.db</c>, or a database of PostgreSQL. Everything in <c>jobs.db</c> can be rebuilt from it.
/// </summary>
/// <remarks>This is the context on SQLite; the one on PostgreSQL derives from it.</remarks>
public class SentinelCamDbContext : IdentityDbContext<Account, IdentityRole<long>, long>
{
    public SentinelCamDbContext(DbContextOptions<SentinelCamDbContext> options) : base(options)
    {
    }

    /// <summary>For the context on another database.</summary>
    protected SentinelCamDbContext(DbContextOptions options) : base(options)
    {
    }

    /// <summary>What differs between the databases.</summary>
    public virtual DatabaseDialect Dialect => SqliteDialect.Instance;

    public DbSet<LoginAttempt> LoginAttempts => Set<LoginAttempt>();

    public DbSet<ImageLogEntry> ImageLog => Set<ImageLogEntry>();

    public DbSet<Snapshot> Snapshots => Set<Snapshot>();

    public DbSet<CameraChoice> CameraChoices => Set<CameraChoice>();

    public DbSet<Alert> Alerts => Set<Alert>();

    public DbSet<Delivery> Deliveries => Set<Delivery>();

    public DbSet<DeviceUser> DeviceUsers => Set<DeviceUser>();

    public DbSet<DeviceRule> DeviceRules => Set<DeviceRule>();

    public DbSet<KnownBrowser> KnownBrowsers => Set<KnownBrowser>();

    public DbSet<Session> Sessions => Set<Session>();

    public DbSet<RecoveryCode> RecoveryCodes => Set<RecoveryCode>();

    public DbSet<SecondFactorRule> SecondFactorRules => Set<SecondFactorRule>();

    public DbSet<UsedChallenge> UsedChallenges => Set<UsedChallenge>();

    public DbSet<AccountLink> AccountLinks => Set<AccountLink>();

    public DbSet<HeldBackMails> HeldBackMails => Set<HeldBackMails>();

    public DbSet<SchemaVersion> SchemaVersions => Set<SchemaVersion>();

    /// <summary>On PostgreSQL: the processes that use the database.</summary>
    public DbSet<Node> Nodes => Set<Node>();

    public DbSet<Trouble> Troubles => Set<Trouble>();

    public DbSet<SelfTest> SelfTests => Set<SelfTest>();

    /// <summary>Append-only; triggers refuse changes, and deletions by anyone but retention.</summary>
    public DbSet<AccountActivity> Activity => Set<AccountActivity>();

    /// <summary>On a device that reports to a central SentinelCam: what is left to report.</summary>
    public DbSet<Forward> Forwards => Set<Forward>();

    public DbSet<DatabaseEpoch> DatabaseEpochs => Set<DatabaseEpoch>();

    /// <summary>On a central SentinelCam: the devices that report to it.</summary>
    public DbSet<ReportingDevice> ReportingDevices => Set<ReportingDevice>();

    public DbSet<ReceivedEntry> ReceivedEntries => Set<ReceivedEntry>();

    /// <summary>In a query: the text in small letters, at least those of ASCII. For comparisons that ignore case.</summary>
    /// <exception cref="NotSupportedException">Called outside a query.</exception>
    [DbFunction("lower", IsBuiltIn = true)]
    public static string? Lower(string? text) => throw new NotSupportedException();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        // SQLite has no time type; Unix milliseconds in UTC compare and sort in SQL
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcMilliseconds>();
        configurationBuilder.Properties<Enum>().HaveConversion<string>();
    }

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);

        builder.Entity<Account>(account =>
        {
            account.ToTable("Accounts");
            // Identity only checks before it inserts; the index also rejects simultaneous registrations
            account.HasIndex(a => a.NormalizedEmail).IsUnique();
        });
        builder.Entity<KnownBrowser>(browser =>
        {
            browser.HasOne<Account>().WithMany().HasForeignKey(b => b.AccountId).OnDelete(DeleteBehavior.Cascade);
            browser.HasIndex(b => b.KeyHash).IsUnique();
        });
        builder.Entity<Session>(session =>
        {
            session.HasOne<Account>().WithMany().HasForeignKey(s => s.AccountId).OnDelete(DeleteBehavior.Cascade);
            session.HasIndex(s => s.KeyHash).IsUnique();
        });
        builder.Entity<RecoveryCode>(code =>
        {
            code.HasOne<Account>().WithMany().HasForeignKey(c => c.AccountId).OnDelete(DeleteBehavior.Cascade);
            code.HasIndex(c => new { c.AccountId, c.Hash }).IsUnique();
        });
        builder.Entity<AccountLink>(link =>
        {
            link.HasOne<Account>().WithMany().HasForeignKey(l => l.AccountId).OnDelete(DeleteBehavior.Cascade);
            link.HasOne(l => l.Delivery).WithMany().HasForeignKey(l => l.DeliveryId).OnDelete(DeleteBehavior.SetNull);
            link.HasIndex(l => new { l.AccountId, l.Purpose, l.CreatedAt });
        });
        builder.Entity<HeldBackMails>(held =>
        {
            held.HasKey(h => h.AccountId);
            held.HasOne<Account>().WithOne().HasForeignKey<HeldBackMails>(h => h.AccountId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<SchemaVersion>().HasKey(v => v.Migration);
        builder.Entity<IdentityRole<long>>().ToTable("Roles");
        builder.Entity<IdentityUserRole<long>>().ToTable("AccountRoles");
        builder.Entity<IdentityUserClaim<long>>().ToTable("AccountClaims");
        builder.Entity<IdentityUserLogin<long>>().ToTable("AccountLogins");
        builder.Entity<IdentityUserToken<long>>().ToTable("AccountTokens");
        builder.Entity<IdentityRoleClaim<long>>().ToTable("RoleClaims");
        builder.Entity<IdentityUserPasskey<long>>(passkey =>
        {
            // As in Identity's schema version 3, which a context without the app's services would not have
            passkey.ToTable("AccountPasskeys");
            passkey.HasKey(p => p.CredentialId);
            passkey.HasOne<Account>().WithMany().HasForeignKey(p => p.UserId).OnDelete(DeleteBehavior.Cascade);
            passkey.OwnsOne(p => p.Data).ToJson();
            passkey.Property<DateTimeOffset?>(PasskeyColumns.LastUsedAt);
        });
        builder.Entity<UsedChallenge>().HasKey(c => c.Hash);

        builder.Entity<LoginAttempt>(attempt =>
        {
            attempt.HasOne<Account>().WithMany().HasForeignKey(a => a.OwnerId).OnDelete(DeleteBehavior.SetNull);
            attempt.HasOne<Alert>().WithMany().HasForeignKey(a => a.AlertId);
            attempt.HasIndex(a => new { a.OwnerId, a.Origin, a.Id });
            attempt.HasIndex(a => new { a.Origin, a.AccountTyped, a.Id }).HasFilter("\"Origin\" <> 'WebPage'");
            attempt.HasIndex(a => a.SourceKey).IsUnique().HasFilter("\"SourceKey\" IS NOT NULL");
            attempt.HasIndex(a => new { a.AlertId, a.Id });
            attempt.Property(a => a.Count).HasDefaultValue(1);
            // Finds the row that counts, among thousands of an alert
            attempt.HasIndex(a => new { a.AlertId, a.Outcome }).HasFilter("\"LastAt\" IS NOT NULL");
        });

        builder.Entity<ImageLogEntry>(entry =>
        {
            entry.HasOne<Account>().WithMany().HasForeignKey(e => e.OwnerId).OnDelete(DeleteBehavior.SetNull);
            entry.HasOne<Alert>().WithMany().HasForeignKey(e => e.AlertId);
            entry.HasOne(e => e.LoginAttempt).WithMany().HasForeignKey(e => e.LoginAttemptId);
            entry.HasOne(e => e.Snapshot).WithOne().HasForeignKey<Snapshot>(s => s.EntryId).OnDelete(DeleteBehavior.Cascade);
            // One index for each filter. The log is ordered by time, then by id, which SQLite appends to every index
            entry.HasIndex(e => new { e.OwnerId, e.At });
            entry.HasIndex(e => new { e.OwnerId, e.Trigger, e.At });
            entry.HasIndex(e => new { e.OwnerId, e.Outcome, e.At });
            entry.HasIndex(e => new { e.OwnerId, e.MailState, e.At });
            entry.HasIndex(e => new { e.OwnerId, e.Origin, e.At }).HasFilter("\"Origin\" <> 'WebPage'");
            entry.HasIndex(e => e.CaptureDueAt).HasFilter("\"CaptureState\" = 'Waiting'");
            entry.HasIndex(e => new { e.AlertId, e.At });
            // The few pictures among thousands of entries
            entry.HasIndex(e => e.AlertId, "IX_ImageLog_AlertId_Taken").HasFilter("\"CaptureState\" = 'Taken'");
        });

        builder.Entity<Snapshot>(snapshot =>
        {
            snapshot.HasMany(s => s.Strip).WithOne().HasForeignKey(s => s.StripOfId).OnDelete(DeleteBehavior.Cascade);
            snapshot.HasIndex(s => s.FileName).IsUnique();
            snapshot.Ignore(s => s.Content);
            snapshot.HasIndex(s => s.TakenAt);
        });

        builder.Entity<Alert>(alert =>
        {
            alert.HasOne<Account>().WithMany().HasForeignKey(a => a.OwnerId).OnDelete(DeleteBehavior.SetNull);
            alert.HasIndex(a => new { a.OwnerId, a.Origin, a.RemoteNetwork, a.ClosesAt }).HasFilter("\"ClosedAt\" IS NULL");
            alert.HasIndex(a => new { a.OwnerId, a.OpenedAt });
            alert.HasIndex(a => new { a.OwnerId, a.LastAt }).HasFilter("\"Entries\" > 0");
            alert.HasIndex(a => new { a.OwnerId, a.LastAt }, "IX_Alerts_New").HasFilter("\"Answer\" = 'New' AND \"Entries\" > 0");
            alert.HasIndex(a => new { a.OwnerId, a.OpenedAt }, "IX_Alerts_Test").HasFilter("\"IsTest\"");
            alert.Property(a => a.AccountTyped).HasDefaultValue("");
            alert.Property(a => a.RemoteAddress).HasDefaultValue("");
            alert.Property(a => a.Answer).HasDefaultValue(AlertAnswer.New);
        });

        builder.Entity<Delivery>(delivery =>
        {
            delivery.HasOne<Alert>().WithMany().HasForeignKey(d => d.AlertId);
            delivery.HasOne<ImageLogEntry>().WithMany().HasForeignKey(d => d.EntryId).OnDelete(DeleteBehavior.SetNull);
            delivery.HasOne<Account>().WithMany().HasForeignKey(d => d.RecipientId).OnDelete(DeleteBehavior.SetNull);
            delivery.HasIndex(d => d.MessageId).IsUnique();
            delivery.HasIndex(d => new { d.RecipientId, d.State });
            delivery.HasIndex(d => new { d.State, d.DueAt });
        });

        builder.Entity<CameraChoice>().HasIndex(c => c.Node).IsUnique();
        builder.Entity<Node>().HasKey(n => n.Name);
        builder.Entity<Trouble>(trouble =>
        {
            trouble.HasKey(t => new { t.Kind, t.Node });
            trouble.Property(t => t.Node).HasDefaultValue("");
        });

        // Without foreign keys: a line outlives its account and its alert, and nothing may change it
        builder.Entity<AccountActivity>(activity =>
        {
            activity.ToTable("AccountActivity");
            activity.HasIndex(a => a.AccountId);
            activity.HasIndex(a => a.At);
        });

        builder.Entity<Forward>(forward =>
        {
            forward.HasKey(f => f.EntryId);
            forward.Property(f => f.EntryId).ValueGeneratedNever();
            forward.HasOne(f => f.LoginAttempt).WithMany().HasForeignKey(f => f.LoginAttemptId).OnDelete(DeleteBehavior.Cascade);
            forward.HasIndex(f => new { f.State, f.DueAt });
        });
        builder.Entity<DatabaseEpoch>().Property(e => e.Id).ValueGeneratedNever();
        builder.Entity<ReportingDevice>(device =>
        {
            device.HasIndex(d => d.TokenHash).IsUnique();
            device.HasIndex(d => d.CodeHash).IsUnique();
        });
        builder.Entity<ReportingDeviceOwner>(owner =>
        {
            owner.ToTable("ReportingDeviceOwners");
            owner.HasKey(o => new { o.DeviceId, o.AccountId });
            owner.HasOne<ReportingDevice>().WithMany(d => d.Owners).HasForeignKey(o => o.DeviceId);
            owner.HasOne<Account>().WithMany().HasForeignKey(o => o.AccountId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<ReceivedEntry>(received =>
        {
            received.HasKey(r => new { r.DeviceId, r.Epoch, r.DeviceEntryId });
            received.HasOne<ReportingDevice>().WithMany().HasForeignKey(r => r.DeviceId);
            received.HasOne<ImageLogEntry>().WithMany().HasForeignKey(r => r.EntryId).OnDelete(DeleteBehavior.SetNull);
        });

        builder.Entity<DeviceUser>(user =>
        {
            user.HasKey(u => u.Name);
            user.HasOne<Account>().WithMany().HasForeignKey(u => u.AccountId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<DeviceRule>(rule =>
        {
            rule.HasOne<Account>().WithMany().HasForeignKey(r => r.OwnerId).OnDelete(DeleteBehavior.Cascade);
            rule.HasIndex(r => new { r.OwnerId, r.Service }).IsUnique();
        });
    }

    /// <summary>For <c>dotnet ef --context SentinelCamDbContext</c>.</summary>
    private sealed class DesignTime : IDesignTimeDbContextFactory<SentinelCamDbContext>
    {
        public SentinelCamDbContext CreateDbContext(string[] args) =>
            new(new DbContextOptionsBuilder<SentinelCamDbContext>().UseSqlite().Options);
    }

    private sealed class UtcMilliseconds() : ValueConverter<DateTimeOffset, long>(
        time => time.ToUnixTimeMilliseconds(),
        milliseconds => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds));
}

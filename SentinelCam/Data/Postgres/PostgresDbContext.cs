using Microsoft.AspNetCore.DataProtection.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace SentinelCam.Data;

/// <summary>
/// The same model on PostgreSQL, with migrations of its own, and what one process with SQLite keeps in files or in memory.
/// </summary>
public sealed class PostgresDbContext(DbContextOptions<PostgresDbContext> options)
    : SentinelCamDbContext((DbContextOptions)options), IDataProtectionKeyContext
{
    public override DatabaseDialect Dialect => PostgresDialect.Instance;

    public DbSet<PictureContent> PictureContents => Set<PictureContent>();

    public DbSet<SharedRow> SharedRows => Set<SharedRow>();

    /// <summary>The keys that protect cookies, forms and secrets.</summary>
    public DbSet<DataProtectionKey> DataProtectionKeys => Set<DataProtectionKey>();

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.Entity<PictureContent>(content =>
        {
            content.HasKey(c => c.SnapshotId);
            content.HasOne<Snapshot>().WithOne(s => s.Content).HasForeignKey<PictureContent>(c => c.SnapshotId)
                .OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<SharedRow>().HasKey(r => r.Name);
    }

    /// <summary>For <c>dotnet ef --context PostgresDbContext</c>, which needs no server to make migrations.</summary>
    private sealed class DesignTime : IDesignTimeDbContextFactory<PostgresDbContext>
    {
        public PostgresDbContext CreateDbContext(string[] args) =>
            new(new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql("Host=localhost;Database=sentinelcam").Options);
    }
}

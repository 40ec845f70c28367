using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace SentinelCam.Data;

/// <summary>The same model on PostgreSQL, with migrations of its own.</summary>
public sealed class PostgresDbContext(DbContextOptions<PostgresDbContext> options)
    : SentinelCamDbContext((DbContextOptions)options)
{
    public override DatabaseDialect Dialect => PostgresDialect.Instance;

    /// <summary>For <c>dotnet ef --context PostgresDbContext</c>, which needs no server to make migrations.</summary>
    private sealed class DesignTime : IDesignTimeDbContextFactory<PostgresDbContext>
    {
        public PostgresDbContext CreateDbContext(string[] args) =>
            new(new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql("Host=localhost;Database=sentinelcam").Options);
    }
}

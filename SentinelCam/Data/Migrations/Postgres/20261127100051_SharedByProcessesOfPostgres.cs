using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations.Postgres
{
    /// <summary>What several processes on one database need: signals of commits, and pictures that are not compressed.</summary>
    [DbContext(typeof(PostgresDbContext))]
    [Migration("20261127100051_SharedByProcessesOfPostgres")]
    public partial class SharedByProcessesOfPostgres : Migration
    {
        // JPEG does not compress further, and only whole pictures are read
        private const string Storage = """
            ALTER TABLE "PictureContents" ALTER COLUMN "Jpeg" SET STORAGE EXTERNAL, ALTER COLUMN "Thumbnail" SET STORAGE EXTERNAL;
            """;

        // For each row, because a statement that changes nothing must not wake anybody: it would be answered by another such
        // statement, without an end. PostgreSQL sends equal notifications of one transaction once. Nobody waits for changes of
        // the tables that are left out, and heartbeats would wake everybody
        private const string Signals = """
            CREATE FUNCTION "SignalCommit"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                PERFORM pg_notify('sentinelcam_commits', coalesce(current_setting('sentinelcam.process', true), ''));
                RETURN NULL;
            END $$;

            DO $$ DECLARE
                name text;
            BEGIN
                FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT IN (
                    '__EFMigrationsHistory', 'SchemaVersions', 'Nodes', 'DataProtectionKeys', 'PictureContents', 'SharedRows',
                    'EntrySearch', 'AttemptDays', 'ActivityRemovals')
                LOOP
                    EXECUTE format('CREATE TRIGGER "SignalCommit" AFTER INSERT OR UPDATE OR DELETE ON %I
                        FOR EACH ROW EXECUTE FUNCTION "SignalCommit"()', name);
                END LOOP;
            END $$;
            """;

        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            foreach (var sql in new[] { Storage, Signals })
                migrationBuilder.Sql(sql);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) =>
            migrationBuilder.Sql("""DROP FUNCTION "SignalCommit" CASCADE;""");
    }
}

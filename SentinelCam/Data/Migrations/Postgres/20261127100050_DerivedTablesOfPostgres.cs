using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations.Postgres
{
    /// <summary>
    /// What triggers derive from the model's tables, so that every write keeps it up to date, and the rules of the activity. The
    /// same as on SQLite, where <see cref="DerivedTables"/> creates them.
    /// </summary>
    [DbContext(typeof(PostgresDbContext))]
    [Migration("20261127100050_DerivedTablesOfPostgres")]
    public partial class DerivedTablesOfPostgres : Migration
    {
        // Names in quotes keep their capitals. lower() COLLATE "C" changes ASCII only, as the searched text is changed.
        // AFTER triggers run in the order of their names
        private const string Search = """
            CREATE EXTENSION IF NOT EXISTS btree_gin;
            CREATE EXTENSION IF NOT EXISTS pg_trgm;

            -- 0: no account, because an index on null gives no order
            CREATE TABLE "EntrySearch" (
                "EntryId" bigint PRIMARY KEY REFERENCES "ImageLog" ("Id") ON DELETE CASCADE,
                "OwnerId" bigint NOT NULL,
                "At" bigint NOT NULL,
                "Text" text NOT NULL);
            CREATE INDEX "IX_EntrySearch_OwnerId_At" ON "EntrySearch" ("OwnerId", "At", "EntryId");
            CREATE INDEX "IX_EntrySearch_OwnerId_Text" ON "EntrySearch" USING gin ("OwnerId", "Text" gin_trgm_ops);

            CREATE FUNCTION "SearchedText"(VARIADIC columns text[]) RETURNS text LANGUAGE sql IMMUTABLE
                RETURN lower(array_to_string(columns, chr(10)) COLLATE "C");

            CREATE FUNCTION "ImageLog_Inserted"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO "EntrySearch" SELECT NEW."Id", coalesce(NEW."OwnerId", 0), NEW."At",
                    "SearchedText"(a."AccountTyped", a."RemoteAddress", a."UserAgent", a."Service", a."Caller")
                    FROM "LoginAttempts" a WHERE a."Id" = NEW."LoginAttemptId";
                UPDATE "Alerts" SET "Entries" = "Entries" + 1 WHERE "Id" = NEW."AlertId";
                RETURN NULL;
            END $$;
            CREATE TRIGGER "ImageLog_Inserted" AFTER INSERT ON "ImageLog" FOR EACH ROW
                WHEN (NEW."LoginAttemptId" IS NOT NULL) EXECUTE FUNCTION "ImageLog_Inserted"();

            CREATE FUNCTION "ImageLog_Deleted"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                UPDATE "Alerts" SET "Entries" = "Entries" - 1 WHERE "Id" = OLD."AlertId";
                RETURN NULL;
            END $$;
            CREATE TRIGGER "ImageLog_Deleted" AFTER DELETE ON "ImageLog" FOR EACH ROW
                WHEN (OLD."LoginAttemptId" IS NOT NULL) EXECUTE FUNCTION "ImageLog_Deleted"();

            CREATE FUNCTION "ImageLog_Updated"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                UPDATE "EntrySearch" SET "OwnerId" = coalesce(NEW."OwnerId", 0) WHERE "EntryId" = NEW."Id";
                RETURN NULL;
            END $$;
            CREATE TRIGGER "ImageLog_Updated" AFTER UPDATE OF "OwnerId" ON "ImageLog" FOR EACH ROW
                EXECUTE FUNCTION "ImageLog_Updated"();

            CREATE FUNCTION "LoginAttempts_Renamed"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                UPDATE "EntrySearch" SET "Text" = "SearchedText"(
                    NEW."AccountTyped", NEW."RemoteAddress", NEW."UserAgent", NEW."Service", NEW."Caller")
                    WHERE "EntryId" IN (SELECT "Id" FROM "ImageLog" WHERE "LoginAttemptId" = NEW."Id");
                RETURN NULL;
            END $$;
            CREATE TRIGGER "LoginAttempts_Renamed"
                AFTER UPDATE OF "AccountTyped", "RemoteAddress", "UserAgent", "Service", "Caller" ON "LoginAttempts" FOR EACH ROW
                EXECUTE FUNCTION "LoginAttempts_Renamed"();
            """;

        private const string MailStates = """
            CREATE FUNCTION "Deliveries_Changed"() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE
                state text;
            BEGIN
                SELECT CASE
                    WHEN count(*) FILTER (WHERE "State" = 'Failed') > 0 THEN 'Failed'
                    WHEN count(*) FILTER (WHERE "State" IN ('Waiting', 'Sending')) > 0 THEN 'Waiting'
                    WHEN count(*) > 0 THEN 'Accepted'
                END INTO state FROM "Deliveries" WHERE "EntryId" = NEW."EntryId";
                UPDATE "ImageLog" SET "MailState" = state WHERE "Id" = NEW."EntryId" AND "MailState" IS DISTINCT FROM state;
                RETURN NULL;
            END $$;
            CREATE TRIGGER "Deliveries_Changed" AFTER INSERT OR UPDATE OF "State" ON "Deliveries" FOR EACH ROW
                WHEN (NEW."EntryId" IS NOT NULL) EXECUTE FUNCTION "Deliveries_Changed"();
            """;

        private const string Days = """
            CREATE TABLE "AttemptDays" (
                "OwnerId" bigint NOT NULL, "Day" bigint NOT NULL, "Outcome" text NOT NULL, "Attempts" bigint NOT NULL,
                PRIMARY KEY ("OwnerId", "Day", "Outcome"));

            CREATE FUNCTION "LoginAttempts_Counted"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF TG_OP = 'UPDATE' THEN
                    INSERT INTO "AttemptDays"
                        VALUES (coalesce(OLD."OwnerId", 0), OLD."At" / 86400000, OLD."Outcome", -OLD."Count")
                        ON CONFLICT ("OwnerId", "Day", "Outcome")
                        DO UPDATE SET "Attempts" = "AttemptDays"."Attempts" + excluded."Attempts";
                END IF;
                INSERT INTO "AttemptDays"
                    VALUES (coalesce(NEW."OwnerId", 0), NEW."At" / 86400000, NEW."Outcome", NEW."Count")
                    ON CONFLICT ("OwnerId", "Day", "Outcome")
                    DO UPDATE SET "Attempts" = "AttemptDays"."Attempts" + excluded."Attempts";
                RETURN NULL;
            END $$;
            CREATE TRIGGER "LoginAttempts_Counted" AFTER INSERT OR UPDATE OF "OwnerId", "Count" ON "LoginAttempts" FOR EACH ROW
                EXECUTE FUNCTION "LoginAttempts_Counted"();
            """;

        // Append-only, against this program's own mistakes. Retention names the lines that it removes: the name of a line removes
        // it, and is not kept
        private const string Activity = """
            CREATE INDEX "IX_AccountActivity_Text" ON "AccountActivity" USING gin
                ((lower(("Detail" || chr(10) || "RemoteAddress" || chr(10) || "Browser") COLLATE "C")) gin_trgm_ops);
            CREATE TABLE "ActivityRemovals" ("Id" bigint PRIMARY KEY);

            CREATE FUNCTION "AccountActivity_KeepsItsLines"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION 'Activity is append-only.';
            END $$;
            CREATE TRIGGER "AccountActivity_KeepsItsLines" BEFORE UPDATE OR TRUNCATE ON "AccountActivity"
                EXECUTE FUNCTION "AccountActivity_KeepsItsLines"();

            CREATE FUNCTION "AccountActivity_IsNotDeleted"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NOT EXISTS (SELECT 1 FROM "ActivityRemovals" WHERE "Id" = OLD."Id") THEN
                    RAISE EXCEPTION 'Activity is append-only.';
                END IF;
                RETURN OLD;
            END $$;
            CREATE TRIGGER "AccountActivity_IsNotDeleted" BEFORE DELETE ON "AccountActivity" FOR EACH ROW
                EXECUTE FUNCTION "AccountActivity_IsNotDeleted"();

            CREATE FUNCTION "ActivityRemovals_Inserted"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                DELETE FROM "AccountActivity" WHERE "Id" = NEW."Id";
                DELETE FROM "ActivityRemovals" WHERE "Id" = NEW."Id";
                RETURN NULL;
            END $$;
            CREATE TRIGGER "ActivityRemovals_Inserted" AFTER INSERT ON "ActivityRemovals" FOR EACH ROW
                EXECUTE FUNCTION "ActivityRemovals_Inserted"();
            """;

        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            foreach (var sql in new[] { Search, MailStates, Days, Activity })
                migrationBuilder.Sql(sql);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("""
            DROP TABLE "EntrySearch", "AttemptDays", "ActivityRemovals";
            DROP INDEX "IX_AccountActivity_Text";
            DROP FUNCTION "ImageLog_Inserted", "ImageLog_Deleted", "ImageLog_Updated", "LoginAttempts_Renamed",
                "Deliveries_Changed", "LoginAttempts_Counted", "AccountActivity_KeepsItsLines", "AccountActivity_IsNotDeleted",
                "ActivityRemovals_Inserted" CASCADE;
            DROP FUNCTION "SearchedText";
            """);
    }
}

using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations
{
    /// <summary>Keeps the owner's answer to each alert, and what alerts are listed by.</summary>
    public partial class AlertAnswers : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_ImageLog_AlertId",
                table: "ImageLog");

            migrationBuilder.AddColumn<string>(
                name: "AccountTyped",
                table: "Alerts",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "Answer",
                table: "Alerts",
                type: "TEXT",
                nullable: false,
                defaultValue: "New");

            migrationBuilder.AddColumn<long>(
                name: "AnsweredAt",
                table: "Alerts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "AnsweredThrough",
                table: "Alerts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "Entries",
                table: "Alerts",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "LastAt",
                table: "Alerts",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<string>(
                name: "RemoteAddress",
                table: "Alerts",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "Service",
                table: "Alerts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "SucceededAt",
                table: "Alerts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_ImageLog_AlertId_At",
                table: "ImageLog",
                columns: new[] { "AlertId", "At" });

            migrationBuilder.CreateIndex(
                name: "IX_ImageLog_AlertId_Taken",
                table: "ImageLog",
                column: "AlertId",
                filter: "CaptureState = 'Taken'");

            migrationBuilder.CreateIndex(
                name: "IX_Alerts_New",
                table: "Alerts",
                columns: new[] { "OwnerId", "LastAt" },
                filter: "Answer = 'New' AND Entries > 0");

            migrationBuilder.CreateIndex(
                name: "IX_Alerts_OwnerId_LastAt",
                table: "Alerts",
                columns: new[] { "OwnerId", "LastAt" },
                filter: "Entries > 0");

            migrationBuilder.Sql("""
                UPDATE Alerts SET
                    Entries = (SELECT COUNT(*) FROM ImageLog e WHERE e.AlertId = Alerts.Id),
                    AccountTyped = f.Account, RemoteAddress = f.Address, Service = f.Service, LastAt = f.LastAt,
                    SucceededAt = f.SucceededAt
                FROM (
                    SELECT AlertId,
                        IFNULL(IIF(MIN(AccountTyped) FILTER (WHERE IsFailure) = MAX(AccountTyped) FILTER (WHERE IsFailure),
                            MIN(AccountTyped) FILTER (WHERE IsFailure), 'several accounts'), '') AS Account,
                        IFNULL(IIF(MIN(RemoteAddress) FILTER (WHERE IsFailure) = MAX(RemoteAddress) FILTER (WHERE IsFailure),
                            MIN(RemoteAddress) FILTER (WHERE IsFailure), 'several addresses'), '') AS Address,
                        IIF(MIN(IFNULL(Service, '')) = MAX(IFNULL(Service, '')), MIN(Service), NULL) AS Service,
                        MAX(IFNULL(LastAt, At)) AS LastAt,
                        MAX(At) FILTER (WHERE NOT IsFailure) AS SucceededAt
                    FROM (SELECT *, Outcome <> 'SucceededAfterFailures' AS IsFailure FROM LoginAttempts)
                    GROUP BY AlertId) f
                WHERE f.AlertId = Alerts.Id
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_ImageLog_AlertId_At",
                table: "ImageLog");

            migrationBuilder.DropIndex(
                name: "IX_ImageLog_AlertId_Taken",
                table: "ImageLog");

            migrationBuilder.DropIndex(
                name: "IX_Alerts_New",
                table: "Alerts");

            migrationBuilder.DropIndex(
                name: "IX_Alerts_OwnerId_LastAt",
                table: "Alerts");

            // Not DropColumn, which rebuilds the table. The triggers name a column; the next start makes them again
            migrationBuilder.Sql("""
                DROP TRIGGER IF EXISTS ImageLog_Inserted;
                DROP TRIGGER IF EXISTS ImageLog_Deleted;
                ALTER TABLE Alerts DROP COLUMN AccountTyped;
                ALTER TABLE Alerts DROP COLUMN RemoteAddress;
                ALTER TABLE Alerts DROP COLUMN Service;
                ALTER TABLE Alerts DROP COLUMN LastAt;
                ALTER TABLE Alerts DROP COLUMN SucceededAt;
                ALTER TABLE Alerts DROP COLUMN Entries;
                ALTER TABLE Alerts DROP COLUMN Answer;
                ALTER TABLE Alerts DROP COLUMN AnsweredAt;
                ALTER TABLE Alerts DROP COLUMN AnsweredThrough;
                """);

            migrationBuilder.CreateIndex(
                name: "IX_ImageLog_AlertId",
                table: "ImageLog",
                column: "AlertId");
        }
    }
}

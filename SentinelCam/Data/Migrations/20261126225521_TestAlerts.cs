using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations
{
    /// <summary>Marks test alerts, links that were used, and administrators who need no first steps.</summary>
    public partial class TestAlerts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "AnsweredAt",
                table: "Deliveries",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "IsTest",
                table: "Alerts",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<long>(
                name: "FirstStepsEndedAt",
                table: "Accounts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_Alerts_Test",
                table: "Alerts",
                columns: new[] { "OwnerId", "OpenedAt" },
                filter: "IsTest");

            // Who is there already is not new
            migrationBuilder.Sql("UPDATE Accounts SET FirstStepsEndedAt = RegisteredAt");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Alerts_Test",
                table: "Alerts");

            // Not DropColumn, which rebuilds the tables. Earlier versions do not know tests, but know requested pictures
            migrationBuilder.Sql("""
                UPDATE Alerts SET Entries = 0 WHERE IsTest;
                ALTER TABLE Deliveries DROP COLUMN AnsweredAt;
                ALTER TABLE Alerts DROP COLUMN IsTest;
                ALTER TABLE Accounts DROP COLUMN FirstStepsEndedAt;
                UPDATE ImageLog SET Trigger = 'Manual', LoginAttemptId = NULL, Outcome = NULL, Origin = NULL, AlertId = NULL
                    WHERE Trigger = 'Test';
                DELETE FROM LoginAttempts WHERE Outcome = 'Test';
                PRAGMA user_version = 0;
                """);
        }
    }
}

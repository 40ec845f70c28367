using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations
{
    /// <summary>
    /// Stores where attempts come from, log-ins to the device with what is known of them, and who is told about them.
    /// </summary>
    public partial class DeviceLogIns : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_LoginAttempts_OwnerId_Id",
                table: "LoginAttempts");

            migrationBuilder.DropIndex(
                name: "IX_Alerts_OwnerId_RemoteNetwork_ClosesAt",
                table: "Alerts");

            migrationBuilder.AddColumn<string>(
                name: "Caller",
                table: "LoginAttempts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Origin",
                table: "LoginAttempts",
                type: "TEXT",
                nullable: false,
                defaultValue: "WebPage");

            migrationBuilder.AddColumn<string>(
                name: "Service",
                table: "LoginAttempts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "SourceKey",
                table: "LoginAttempts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Origin",
                table: "ImageLog",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Origin",
                table: "Alerts",
                type: "TEXT",
                nullable: false,
                defaultValue: "WebPage");

            migrationBuilder.CreateTable(
                name: "DeviceRules",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    OwnerId = table.Column<long>(type: "INTEGER", nullable: true),
                    Service = table.Column<string>(type: "TEXT", nullable: false),
                    AlertFrom = table.Column<int>(type: "INTEGER", nullable: false),
                    IsOff = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_DeviceRules", x => x.Id);
                    table.ForeignKey(
                        name: "FK_DeviceRules_Accounts_OwnerId",
                        column: x => x.OwnerId,
                        principalTable: "Accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "DeviceUsers",
                columns: table => new
                {
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    AccountId = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_DeviceUsers", x => x.Name);
                    table.ForeignKey(
                        name: "FK_DeviceUsers_Accounts_AccountId",
                        column: x => x.AccountId,
                        principalTable: "Accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_LoginAttempts_Origin_AccountTyped_Id",
                table: "LoginAttempts",
                columns: new[] { "Origin", "AccountTyped", "Id" },
                filter: "Origin <> 'WebPage'");

            migrationBuilder.CreateIndex(
                name: "IX_LoginAttempts_OwnerId_Origin_Id",
                table: "LoginAttempts",
                columns: new[] { "OwnerId", "Origin", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_LoginAttempts_SourceKey",
                table: "LoginAttempts",
                column: "SourceKey",
                unique: true,
                filter: "SourceKey IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_ImageLog_OwnerId_Origin_At",
                table: "ImageLog",
                columns: new[] { "OwnerId", "Origin", "At" },
                filter: "Origin <> 'WebPage'");

            migrationBuilder.CreateIndex(
                name: "IX_Alerts_OwnerId_Origin_RemoteNetwork_ClosesAt",
                table: "Alerts",
                columns: new[] { "OwnerId", "Origin", "RemoteNetwork", "ClosesAt" },
                filter: "ClosedAt IS NULL");

            migrationBuilder.CreateIndex(
                name: "IX_DeviceRules_OwnerId_Service",
                table: "DeviceRules",
                columns: new[] { "OwnerId", "Service" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_DeviceUsers_AccountId",
                table: "DeviceUsers",
                column: "AccountId");

            migrationBuilder.Sql("UPDATE ImageLog SET Origin = 'WebPage' WHERE LoginAttemptId IS NOT NULL;");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "DeviceRules");

            migrationBuilder.DropTable(
                name: "DeviceUsers");

            migrationBuilder.DropIndex(
                name: "IX_LoginAttempts_Origin_AccountTyped_Id",
                table: "LoginAttempts");

            migrationBuilder.DropIndex(
                name: "IX_LoginAttempts_OwnerId_Origin_Id",
                table: "LoginAttempts");

            migrationBuilder.DropIndex(
                name: "IX_LoginAttempts_SourceKey",
                table: "LoginAttempts");

            migrationBuilder.DropIndex(
                name: "IX_ImageLog_OwnerId_Origin_At",
                table: "ImageLog");

            migrationBuilder.DropIndex(
                name: "IX_Alerts_OwnerId_Origin_RemoteNetwork_ClosesAt",
                table: "Alerts");

            // Not DropColumn, which rebuilds the table: SQLite refuses that while triggers of other tables name it. The triggers
            // of the search name a column; the next start makes them again
            migrationBuilder.Sql("""
                DROP TRIGGER IF EXISTS ImageLog_Inserted;
                DROP TRIGGER IF EXISTS ImageLog_Updated;
                ALTER TABLE LoginAttempts DROP COLUMN Caller;
                ALTER TABLE LoginAttempts DROP COLUMN Origin;
                ALTER TABLE LoginAttempts DROP COLUMN Service;
                ALTER TABLE LoginAttempts DROP COLUMN SourceKey;
                ALTER TABLE ImageLog DROP COLUMN Origin;
                ALTER TABLE Alerts DROP COLUMN Origin;
                """);

            migrationBuilder.CreateIndex(
                name: "IX_LoginAttempts_OwnerId_Id",
                table: "LoginAttempts",
                columns: new[] { "OwnerId", "Id" });

            migrationBuilder.CreateIndex(
                name: "IX_Alerts_OwnerId_RemoteNetwork_ClosesAt",
                table: "Alerts",
                columns: new[] { "OwnerId", "RemoteNetwork", "ClosesAt" },
                filter: "ClosedAt IS NULL");
        }
    }
}

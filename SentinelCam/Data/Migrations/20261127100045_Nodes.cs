using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations
{
    /// <inheritdoc />
    public partial class Nodes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Device",
                table: "LoginAttempts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "ReportedBy",
                table: "LoginAttempts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Node",
                table: "ImageLog",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "SentBy",
                table: "Deliveries",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Node",
                table: "CameraChoices",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Device",
                table: "Alerts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "ReportedBy",
                table: "Alerts",
                type: "TEXT",
                nullable: true);

            // In this transaction, which EF Core's own rebuild is not
            migrationBuilder.Sql("""
                CREATE TABLE "NewTroubles" (
                    "Kind" TEXT NOT NULL,
                    "Node" TEXT NOT NULL DEFAULT '',
                    "Problem" TEXT NOT NULL,
                    "Since" INTEGER NOT NULL,
                    "ToldAt" INTEGER NULL,
                    CONSTRAINT "PK_Troubles" PRIMARY KEY ("Kind", "Node"));
                INSERT INTO "NewTroubles" ("Kind", "Problem", "Since", "ToldAt")
                    SELECT "Kind", "Problem", "Since", "ToldAt" FROM "Troubles";
                DROP TABLE "Troubles";
                ALTER TABLE "NewTroubles" RENAME TO "Troubles";
                """);

            migrationBuilder.CreateTable(
                name: "DatabaseEpochs",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false),
                    Value = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_DatabaseEpochs", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "Forwards",
                columns: table => new
                {
                    EntryId = table.Column<long>(type: "INTEGER", nullable: false),
                    LoginAttemptId = table.Column<long>(type: "INTEGER", nullable: false),
                    Epoch = table.Column<string>(type: "TEXT", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false),
                    AcceptedVersion = table.Column<int>(type: "INTEGER", nullable: false),
                    State = table.Column<string>(type: "TEXT", nullable: false),
                    Tries = table.Column<int>(type: "INTEGER", nullable: false),
                    DueAt = table.Column<long>(type: "INTEGER", nullable: false),
                    SendingSince = table.Column<long>(type: "INTEGER", nullable: true),
                    SentBy = table.Column<string>(type: "TEXT", nullable: true),
                    AcceptedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    LastReply = table.Column<string>(type: "TEXT", nullable: true),
                    IsTokenRefused = table.Column<bool>(type: "INTEGER", nullable: false),
                    ToldHere = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Forwards", x => x.EntryId);
                    table.ForeignKey(
                        name: "FK_Forwards_LoginAttempts_LoginAttemptId",
                        column: x => x.LoginAttemptId,
                        principalTable: "LoginAttempts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "Nodes",
                columns: table => new
                {
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    SeenAt = table.Column<long>(type: "INTEGER", nullable: false),
                    StartedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<string>(type: "TEXT", nullable: false),
                    Camera = table.Column<string>(type: "TEXT", nullable: false),
                    CameraState = table.Column<string>(type: "TEXT", nullable: false),
                    CameraProblem = table.Column<string>(type: "TEXT", nullable: true),
                    ClockAheadMs = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Nodes", x => x.Name);
                });

            migrationBuilder.CreateTable(
                name: "ReportingDevices",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    CodeHash = table.Column<string>(type: "TEXT", nullable: true),
                    CodeExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    TokenHash = table.Column<string>(type: "TEXT", nullable: true),
                    EnrolledAt = table.Column<long>(type: "INTEGER", nullable: true),
                    RevokedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    LastSeenAt = table.Column<long>(type: "INTEGER", nullable: true),
                    ClockAheadMs = table.Column<long>(type: "INTEGER", nullable: true),
                    Received = table.Column<long>(type: "INTEGER", nullable: false),
                    ForAdministrators = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ReportingDevices", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "ReceivedEntries",
                columns: table => new
                {
                    DeviceId = table.Column<long>(type: "INTEGER", nullable: false),
                    Epoch = table.Column<string>(type: "TEXT", nullable: false),
                    DeviceEntryId = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false),
                    EntryId = table.Column<long>(type: "INTEGER", nullable: true),
                    DeviceAt = table.Column<long>(type: "INTEGER", nullable: false),
                    SentAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ReceivedAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ReceivedEntries", x => new { x.DeviceId, x.Epoch, x.DeviceEntryId });
                    table.ForeignKey(
                        name: "FK_ReceivedEntries_ImageLog_EntryId",
                        column: x => x.EntryId,
                        principalTable: "ImageLog",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.SetNull);
                    table.ForeignKey(
                        name: "FK_ReceivedEntries_ReportingDevices_DeviceId",
                        column: x => x.DeviceId,
                        principalTable: "ReportingDevices",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "ReportingDeviceOwners",
                columns: table => new
                {
                    DeviceId = table.Column<long>(type: "INTEGER", nullable: false),
                    AccountId = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ReportingDeviceOwners", x => new { x.DeviceId, x.AccountId });
                    table.ForeignKey(
                        name: "FK_ReportingDeviceOwners_Accounts_AccountId",
                        column: x => x.AccountId,
                        principalTable: "Accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_ReportingDeviceOwners_ReportingDevices_DeviceId",
                        column: x => x.DeviceId,
                        principalTable: "ReportingDevices",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_CameraChoices_Node",
                table: "CameraChoices",
                column: "Node",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Forwards_LoginAttemptId",
                table: "Forwards",
                column: "LoginAttemptId");

            migrationBuilder.CreateIndex(
                name: "IX_Forwards_State_DueAt",
                table: "Forwards",
                columns: new[] { "State", "DueAt" });

            migrationBuilder.CreateIndex(
                name: "IX_ReceivedEntries_EntryId",
                table: "ReceivedEntries",
                column: "EntryId");

            migrationBuilder.CreateIndex(
                name: "IX_ReportingDeviceOwners_AccountId",
                table: "ReportingDeviceOwners",
                column: "AccountId");

            migrationBuilder.CreateIndex(
                name: "IX_ReportingDevices_CodeHash",
                table: "ReportingDevices",
                column: "CodeHash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_ReportingDevices_TokenHash",
                table: "ReportingDevices",
                column: "TokenHash",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "DatabaseEpochs");

            migrationBuilder.DropTable(
                name: "Forwards");

            migrationBuilder.DropTable(
                name: "Nodes");

            migrationBuilder.DropTable(
                name: "ReceivedEntries");

            migrationBuilder.DropTable(
                name: "ReportingDeviceOwners");

            migrationBuilder.DropTable(
                name: "ReportingDevices");

            migrationBuilder.DropIndex(
                name: "IX_CameraChoices_Node",
                table: "CameraChoices");

            migrationBuilder.Sql("""
                CREATE TABLE "NewTroubles" (
                    "Kind" TEXT NOT NULL,
                    "Problem" TEXT NOT NULL,
                    "Since" INTEGER NOT NULL,
                    "ToldAt" INTEGER NULL,
                    CONSTRAINT "PK_Troubles" PRIMARY KEY ("Kind"));
                INSERT OR IGNORE INTO "NewTroubles" ("Kind", "Problem", "Since", "ToldAt")
                    SELECT "Kind", "Problem", "Since", "ToldAt" FROM "Troubles" ORDER BY "Since";
                DROP TABLE "Troubles";
                ALTER TABLE "NewTroubles" RENAME TO "Troubles";
                """);

            // A rebuild of the tables would fail, because triggers name them
            migrationBuilder.Sql("""ALTER TABLE "LoginAttempts" DROP COLUMN "Device";""");
            migrationBuilder.Sql("""ALTER TABLE "LoginAttempts" DROP COLUMN "ReportedBy";""");
            migrationBuilder.Sql("""ALTER TABLE "ImageLog" DROP COLUMN "Node";""");
            migrationBuilder.Sql("""ALTER TABLE "Deliveries" DROP COLUMN "SentBy";""");
            migrationBuilder.Sql("""ALTER TABLE "CameraChoices" DROP COLUMN "Node";""");
            migrationBuilder.Sql("""ALTER TABLE "Alerts" DROP COLUMN "Device";""");
            migrationBuilder.Sql("""ALTER TABLE "Alerts" DROP COLUMN "ReportedBy";""");
        }
    }
}

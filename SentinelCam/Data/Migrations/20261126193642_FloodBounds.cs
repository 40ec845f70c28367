using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations
{
    /// <summary>Lets one row stand for many attempts, and remembers from which networks each account has signed in.</summary>
    public partial class FloodBounds : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "Count",
                table: "LoginAttempts",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<long>(
                name: "LastAt",
                table: "LoginAttempts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "SignInNetworks",
                columns: table => new
                {
                    AccountId = table.Column<long>(type: "INTEGER", nullable: false),
                    Network = table.Column<string>(type: "TEXT", nullable: false),
                    LastAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_SignInNetworks", x => new { x.AccountId, x.Network });
                    table.ForeignKey(
                        name: "FK_SignInNetworks_Accounts_AccountId",
                        column: x => x.AccountId,
                        principalTable: "Accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_LoginAttempts_AlertId_Outcome",
                table: "LoginAttempts",
                columns: new[] { "AlertId", "Outcome" },
                filter: "LastAt IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "SignInNetworks");

            migrationBuilder.DropIndex(
                name: "IX_LoginAttempts_AlertId_Outcome",
                table: "LoginAttempts");

            // Not DropColumn, which rebuilds the table. The triggers name the column; the next start makes them and their
            // tables again
            migrationBuilder.Sql("""
                DROP TRIGGER IF EXISTS LoginAttempts_Inserted;
                DROP TRIGGER IF EXISTS LoginAttempts_Updated;
                ALTER TABLE LoginAttempts DROP COLUMN Count;
                ALTER TABLE LoginAttempts DROP COLUMN LastAt;
                PRAGMA user_version = 0;
                """);
        }
    }
}

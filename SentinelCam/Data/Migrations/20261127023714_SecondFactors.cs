using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations
{
    /// <summary>Codes after the password, and who must have them.</summary>
    public partial class SecondFactors : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "CodesLockedUntil",
                table: "Sessions",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "WrongCodes",
                table: "Sessions",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "CodesLockedUntil",
                table: "KnownBrowsers",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "TrustedUntil",
                table: "KnownBrowsers",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "WrongCodes",
                table: "KnownBrowsers",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "PasswordKnownAt",
                table: "Alerts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "AuthenticatorKey",
                table: "Accounts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "CodesLockedUntil",
                table: "Accounts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "LastCodeStep",
                table: "Accounts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "WrongCodes",
                table: "Accounts",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateTable(
                name: "RecoveryCodes",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    AccountId = table.Column<long>(type: "INTEGER", nullable: false),
                    Hash = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_RecoveryCodes", x => x.Id);
                    table.ForeignKey(
                        name: "FK_RecoveryCodes_Accounts_AccountId",
                        column: x => x.AccountId,
                        principalTable: "Accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "SecondFactorRules",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    Demand = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_SecondFactorRules", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_RecoveryCodes_AccountId_Hash",
                table: "RecoveryCodes",
                columns: new[] { "AccountId", "Hash" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "RecoveryCodes");

            migrationBuilder.DropTable(
                name: "SecondFactorRules");

            // Not DropColumn, which builds the tables again and fails while triggers name them. Earlier versions know neither the
            // outcome nor the mail, and ask for no code: after another update, nobody may be asked for one that no app makes
            migrationBuilder.Sql("""
                UPDATE Accounts SET TwoFactorEnabled = 0;
                UPDATE LoginAttempts SET Outcome = 'WrongPassword' WHERE Outcome = 'WrongCode';
                UPDATE ImageLog SET Outcome = 'WrongPassword' WHERE Outcome = 'WrongCode';
                UPDATE Deliveries SET Kind = 'Attempt' WHERE Kind = 'KnownPassword';
                ALTER TABLE Sessions DROP COLUMN CodesLockedUntil;
                ALTER TABLE Sessions DROP COLUMN WrongCodes;
                ALTER TABLE KnownBrowsers DROP COLUMN CodesLockedUntil;
                ALTER TABLE KnownBrowsers DROP COLUMN TrustedUntil;
                ALTER TABLE KnownBrowsers DROP COLUMN WrongCodes;
                ALTER TABLE Alerts DROP COLUMN PasswordKnownAt;
                ALTER TABLE Accounts DROP COLUMN AuthenticatorKey;
                ALTER TABLE Accounts DROP COLUMN CodesLockedUntil;
                ALTER TABLE Accounts DROP COLUMN LastCodeStep;
                ALTER TABLE Accounts DROP COLUMN WrongCodes;
                """);
        }
    }
}

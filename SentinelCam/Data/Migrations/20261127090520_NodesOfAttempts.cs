using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations
{
    /// <inheritdoc />
    public partial class NodesOfAttempts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.RenameColumn(
                name: "Node",
                table: "LoginAttempts",
                newName: "Device");

            migrationBuilder.AddColumn<string>(
                name: "Device",
                table: "Alerts",
                type: "TEXT",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // A rebuild of the table would fail, because triggers name it
            migrationBuilder.Sql("""ALTER TABLE "Alerts" DROP COLUMN "Device";""");

            migrationBuilder.RenameColumn(
                name: "Device",
                table: "LoginAttempts",
                newName: "Node");
        }
    }
}

using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations.Postgres
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
                type: "text",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "Device",
                table: "Alerts");

            migrationBuilder.RenameColumn(
                name: "Device",
                table: "LoginAttempts",
                newName: "Node");
        }
    }
}

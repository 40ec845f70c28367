using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations
{
    /// <inheritdoc />
    public partial class TroublesOfNodes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropPrimaryKey(
                name: "PK_Troubles",
                table: "Troubles");

            migrationBuilder.AddColumn<string>(
                name: "Node",
                table: "Troubles",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddPrimaryKey(
                name: "PK_Troubles",
                table: "Troubles",
                columns: new[] { "Kind", "Node" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropPrimaryKey(
                name: "PK_Troubles",
                table: "Troubles");

            migrationBuilder.DropColumn(
                name: "Node",
                table: "Troubles");

            migrationBuilder.AddPrimaryKey(
                name: "PK_Troubles",
                table: "Troubles",
                column: "Kind");
        }
    }
}

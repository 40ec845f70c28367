using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Nodes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Node",
                table: "LoginAttempts",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Node",
                table: "ImageLog",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Node",
                table: "CameraChoices",
                type: "text",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "Nodes",
                columns: table => new
                {
                    Name = table.Column<string>(type: "text", nullable: false),
                    SeenAt = table.Column<long>(type: "bigint", nullable: false),
                    StartedAt = table.Column<long>(type: "bigint", nullable: false),
                    Version = table.Column<string>(type: "text", nullable: false),
                    Camera = table.Column<string>(type: "text", nullable: false),
                    CameraState = table.Column<string>(type: "text", nullable: false),
                    CameraProblem = table.Column<string>(type: "text", nullable: true),
                    ClockAheadMs = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Nodes", x => x.Name);
                });

            migrationBuilder.CreateIndex(
                name: "IX_CameraChoices_Node",
                table: "CameraChoices",
                column: "Node",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "Nodes");

            migrationBuilder.DropIndex(
                name: "IX_CameraChoices_Node",
                table: "CameraChoices");

            migrationBuilder.DropColumn(
                name: "Node",
                table: "LoginAttempts");

            migrationBuilder.DropColumn(
                name: "Node",
                table: "ImageLog");

            migrationBuilder.DropColumn(
                name: "Node",
                table: "CameraChoices");
        }
    }
}

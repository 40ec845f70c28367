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
                name: "Node",
                table: "LoginAttempts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Node",
                table: "ImageLog",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Node",
                table: "CameraChoices",
                type: "TEXT",
                nullable: true);

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

            // A rebuild of the table would fail, because triggers name it
            migrationBuilder.Sql("""ALTER TABLE "LoginAttempts" DROP COLUMN "Node";""");

            migrationBuilder.Sql("""ALTER TABLE "ImageLog" DROP COLUMN "Node";""");

            migrationBuilder.Sql("""ALTER TABLE "CameraChoices" DROP COLUMN "Node";""");
        }
    }
}

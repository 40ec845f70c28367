using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations
{
    /// <inheritdoc />
    public partial class NewBrowsers : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "AlertId",
                table: "Sessions",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "IsNewBrowser",
                table: "LoginAttempts",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<long>(
                name: "AlertId",
                table: "KnownBrowsers",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // Not DropColumn, which builds the tables again and fails while triggers name them
            migrationBuilder.Sql("ALTER TABLE Sessions DROP COLUMN AlertId");
            migrationBuilder.Sql("ALTER TABLE LoginAttempts DROP COLUMN IsNewBrowser");
            migrationBuilder.Sql("ALTER TABLE KnownBrowsers DROP COLUMN AlertId");
        }
    }
}

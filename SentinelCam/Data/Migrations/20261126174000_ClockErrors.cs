using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations
{
    /// <summary>Stores by how much the clock was wrong, and from when the age of a picture counts.</summary>
    public partial class ClockErrors : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "AgesFrom",
                table: "Snapshots",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "ClockErrorSeconds",
                table: "ImageLog",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // Not DropColumn, which rebuilds the tables: SQLite refuses that while triggers of other tables name them
            migrationBuilder.Sql("""
                ALTER TABLE Snapshots DROP COLUMN AgesFrom;
                ALTER TABLE ImageLog DROP COLUMN ClockErrorSeconds;
                """);
        }
    }
}

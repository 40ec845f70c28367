using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations
{
    /// <inheritdoc />
    public partial class AccountDeletion : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "DeletedAt",
                table: "Accounts",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // Not DropColumn, which rebuilds the table: that fails while triggers name it
            migrationBuilder.Sql("ALTER TABLE Accounts DROP COLUMN DeletedAt;");
        }
    }
}

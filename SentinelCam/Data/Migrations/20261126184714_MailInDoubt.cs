using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations
{
    /// <summary>Stores whether a mail may have arrived although its last try failed.</summary>
    public partial class MailInDoubt : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "MayHaveArrived",
                table: "Deliveries",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // Not DropColumn, which rebuilds the table: SQLite refuses that while triggers of other tables name it
            migrationBuilder.Sql("ALTER TABLE Deliveries DROP COLUMN MayHaveArrived;");
        }
    }
}

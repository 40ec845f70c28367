using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations
{
    /// <inheritdoc />
    public partial class DeviceReports : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "DayBeganAt",
                table: "ReportingDevices",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "DayEntries",
                table: "ReportingDevices",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "DayPictureBytes",
                table: "ReportingDevices",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<int>(
                name: "FailedUploads",
                table: "Forwards",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "RefusedSince",
                table: "Forwards",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "DayBeganAt",
                table: "ReportingDevices");

            migrationBuilder.DropColumn(
                name: "DayEntries",
                table: "ReportingDevices");

            migrationBuilder.DropColumn(
                name: "DayPictureBytes",
                table: "ReportingDevices");

            migrationBuilder.DropColumn(
                name: "FailedUploads",
                table: "Forwards");

            migrationBuilder.DropColumn(
                name: "RefusedSince",
                table: "Forwards");
        }
    }
}

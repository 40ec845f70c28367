using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations
{
    /// <summary>
    /// Stores with each attempt which mail tells about it, and splits two columns of Deliveries that each meant two things.
    /// </summary>
    public partial class MailOfEachAttempt : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "ToldBy",
                table: "LoginAttempts",
                type: "TEXT",
                nullable: false,
                defaultValue: "OwnMail");

            migrationBuilder.AddColumn<bool>(
                name: "NeedsSummary",
                table: "Alerts",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<string>(
                name: "SiteAddress",
                table: "Deliveries",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "SendingSince",
                table: "Deliveries",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.RenameColumn(
                name: "Text",
                table: "Deliveries",
                newName: "Changes");

            migrationBuilder.Sql("""
                UPDATE LoginAttempts SET ToldBy = CASE
                    WHEN l.RemoteNetwork = 'many' OR LoginAttempts.NumberInAlert > l.MailedFrom THEN 'Summary'
                    WHEN LoginAttempts.NumberInAlert = l.MailedFrom THEN 'OwnMail'
                    ELSE 'LaterMail' END
                FROM Alerts l WHERE l.Id = LoginAttempts.AlertId AND LoginAttempts.Outcome <> 'SucceededAfterFailures';
                UPDATE LoginAttempts SET ToldBy = 'Nothing' FROM ImageLog e
                    WHERE e.LoginAttemptId = LoginAttempts.Id AND e.CaptureProblem LIKE 'No picture and no mail%';
                UPDATE Alerts SET NeedsSummary = RemoteNetwork = 'many' OR IFNULL(Attempts > MailedFrom, 0);
                UPDATE Deliveries SET SiteAddress = Changes, Changes = NULL WHERE Kind = 'ConfirmRecipient';
                """);

            // Not DropColumn, which rebuilds the table: SQLite refuses that while triggers of other tables name it
            migrationBuilder.Sql("ALTER TABLE ImageLog DROP COLUMN OpensAlert;");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "OpensAlert",
                table: "ImageLog",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.Sql("""
                UPDATE ImageLog SET OpensAlert = 1 FROM LoginAttempts a
                    WHERE a.Id = ImageLog.LoginAttemptId AND a.ToldBy = 'OwnMail' AND ImageLog.Trigger = 'FailedLogin';
                UPDATE Deliveries SET Changes = SiteAddress WHERE Kind = 'ConfirmRecipient';
                ALTER TABLE LoginAttempts DROP COLUMN ToldBy;
                ALTER TABLE Alerts DROP COLUMN NeedsSummary;
                ALTER TABLE Deliveries DROP COLUMN SiteAddress;
                ALTER TABLE Deliveries DROP COLUMN SendingSince;
                """);

            migrationBuilder.RenameColumn(
                name: "Changes",
                table: "Deliveries",
                newName: "Text");
        }
    }
}

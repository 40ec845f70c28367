using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SentinelCam.Data.Migrations
{
    /// <inheritdoc />
    public partial class AccountActivity : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "AccountActivity",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    At = table.Column<long>(type: "INTEGER", nullable: false),
                    AccountId = table.Column<long>(type: "INTEGER", nullable: true),
                    Actor = table.Column<string>(type: "TEXT", nullable: false),
                    ActorId = table.Column<long>(type: "INTEGER", nullable: true),
                    Kind = table.Column<string>(type: "TEXT", nullable: false),
                    Detail = table.Column<string>(type: "TEXT", nullable: false),
                    AlertId = table.Column<long>(type: "INTEGER", nullable: true),
                    RemoteAddress = table.Column<string>(type: "TEXT", nullable: false),
                    Browser = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_AccountActivity", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_AccountActivity_AccountId",
                table: "AccountActivity",
                column: "AccountId");

            migrationBuilder.CreateIndex(
                name: "IX_AccountActivity_At",
                table: "AccountActivity",
                column: "At");

            // Append-only, against this program's own mistakes. INSERT OR REPLACE would delete without a trigger. Retention names
            // the lines that it removes: the name of a line removes it, and is not kept
            migrationBuilder.Sql(
                """
                CREATE TABLE ActivityRemovals (Id INTEGER PRIMARY KEY);
                CREATE TRIGGER AccountActivity_KeepsItsLines BEFORE UPDATE ON AccountActivity BEGIN
                    SELECT RAISE(ABORT, 'Activity is append-only.');
                END;
                CREATE TRIGGER AccountActivity_IsNotReplaced BEFORE INSERT ON AccountActivity
                    WHEN EXISTS (SELECT 1 FROM AccountActivity WHERE Id = NEW.Id) BEGIN
                    SELECT RAISE(ABORT, 'Activity is append-only.');
                END;
                CREATE TRIGGER AccountActivity_IsNotDeleted BEFORE DELETE ON AccountActivity
                    WHEN NOT EXISTS (SELECT 1 FROM ActivityRemovals WHERE Id = OLD.Id) BEGIN
                    SELECT RAISE(ABORT, 'Activity is append-only.');
                END;
                CREATE TRIGGER ActivityRemovals_Inserted AFTER INSERT ON ActivityRemovals BEGIN
                    DELETE FROM AccountActivity WHERE Id = NEW.Id;
                    DELETE FROM ActivityRemovals WHERE Id = NEW.Id;
                END;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP TABLE ActivityRemovals;");
            migrationBuilder.DropTable(
                name: "AccountActivity");
        }
    }
}

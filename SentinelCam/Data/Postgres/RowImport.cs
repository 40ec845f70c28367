using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection.EntityFrameworkCore;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace SentinelCam.Data;

/// <summary>
/// Copies all rows of a SQLite database into an empty PostgreSQL, in one transaction. A mark in the database then says that
/// pictures may be missing; no SentinelCam starts on it until the mark is gone.
/// </summary>
public sealed class RowImport(SqliteConnection source, PostgresDbContext target)
{
    /// <summary>The name of the row that is the mark. Its value is not encrypted.</summary>
    internal const string Mark = "Import";

    /// <summary>
    /// What is of one database only: its migrations, which processes use it, and its name. With the same name, the entries of an
    /// old site that goes on would be mistaken for those recorded here.
    /// </summary>
    private static readonly string[] Skipped = ["SchemaVersions", "Nodes", "DatabaseEpochs"];

    /// <summary>
    /// Nobody waits for the import, which can read or convert for longer than a site may pause in a transaction. It is not
    /// endless: an import whose machine has failed must not hold the database up.
    /// </summary>
    private const string LongPauses = "SET idle_in_transaction_session_timeout = '60s'";

    // The same as the triggers do for each row
    private const string FillSearch = """
        INSERT INTO "EntrySearch" SELECT e."Id", coalesce(e."OwnerId", 0), e."At",
            "SearchedText"(a."AccountTyped", a."RemoteAddress", a."UserAgent", a."Service", a."Caller")
            FROM "ImageLog" e JOIN "LoginAttempts" a ON a."Id" = e."LoginAttemptId"
        """;

    private IReadOnlyList<TableCopy>? _tables;

    private IReadOnlyList<TableCopy> Tables => _tables ??= FindTables();

    private NpgsqlConnection Connection => (NpgsqlConnection)target.Database.GetDbConnection();

    /// <summary>Copies the rows and the keys, unless an earlier run has done it.</summary>
    /// <param name="keys">The names and contents of the keys' files.</param>
    /// <param name="cancellationToken">Ends it; nothing is changed then.</param>
    /// <returns>How many rows were copied, 0 if they are there; null if the database has other rows.</returns>
    /// <exception cref="DbException">The database cannot be written; nothing is changed then.</exception>
    /// <exception cref="InvalidDataException">A value cannot be copied; nothing is changed then.</exception>
    public async Task<long?> CopyAsync(
        IReadOnlyList<(string Name, string Xml)> keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        await target.Database.OpenConnectionAsync(cancellationToken);
        target.Database.SetCommandTimeout(TableCopy.Patience);
        await target.Database.ExecuteSqlRawAsync(LongPauses, cancellationToken);
        var fingerprint = await FingerprintAsync(source, cancellationToken);
        await using var transaction = await target.Database.BeginTransactionAsync(cancellationToken);
        if (await target.SharedRows.SingleOrDefaultAsync(r => r.Name == Mark, cancellationToken) is { } mark)
            return mark.ProtectedValue == fingerprint ? 0 : null;
        if (!await IsEmptyAsync(transaction, cancellationToken))
            return null;

        var rows = 0L;
        await SwitchTriggersAsync("DISABLE", cancellationToken);
        foreach (var table in Tables)
            rows += await table.RunAsync(source, Connection, cancellationToken);
        await target.Database.ExecuteSqlRawAsync(FillSearch, cancellationToken);
        await CopyDaysAsync(cancellationToken);
        await SwitchTriggersAsync("ENABLE", cancellationToken);
        target.DataProtectionKeys.AddRange(
            keys.Select(key => new DataProtectionKey { FriendlyName = key.Name, Xml = key.Xml }));
        target.SharedRows.Add(new SharedRow { Name = Mark, ProtectedValue = fingerprint });
        await target.SaveChangesAsync(cancellationToken);
        target.ChangeTracker.Clear();
        await SetSequencesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return rows;
    }

    /// <summary>Compares number and content of the rows of each table.</summary>
    /// <returns>The tables that differ.</returns>
    public async Task<IReadOnlyList<string>> FindDifferencesAsync(CancellationToken cancellationToken)
    {
        var different = new List<string>();
        foreach (var table in Tables)
        {
            var copied = await table.SummarizeAsync(Connection, cancellationToken);
            if (copied != await table.SummarizeAsync(source, cancellationToken))
                different.Add(table.Name);
        }

        return different;
    }

    /// <summary>The pictures whose content has another hash than their rows say.</summary>
    public Task<List<string>> FindOtherPicturesAsync(CancellationToken cancellationToken) =>
        target.Database.SqlQueryRaw<string>("""
            SELECT s."FileName" AS "Value" FROM "Snapshots" s JOIN "PictureContents" c ON c."SnapshotId" = s."Id"
            WHERE encode(sha256(c."Jpeg"), 'hex') <> s."Sha256"
            """).ToListAsync(cancellationToken);

    /// <summary>Removes the mark, so that SentinelCam can start.</summary>
    public Task FinishAsync(CancellationToken cancellationToken) =>
        target.SharedRows.Where(r => r.Name == Mark).ExecuteDeleteAsync(cancellationToken);

    private async Task<string> FingerprintAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var tables = new StringBuilder();
        foreach (var table in Tables)
            tables.AppendLine(await table.SummarizeAsync(connection, cancellationToken));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tables.ToString())));
    }

    /// <summary>The tables of the model that both databases have, those first that others refer to.</summary>
    private List<TableCopy> FindTables()
    {
        using var site = new SentinelCamDbContext(
            new DbContextOptionsBuilder<SentinelCamDbContext>().UseSqlite(source).Options);
        var (from, to) = (site.Model, target.Model);
        var left = target.Model.GetRelationalModel().Tables
            .Where(table => !Skipped.Contains(table.Name) && !IsOnlyHere(table)).ToList();
        var sorted = new List<TableCopy>();
        while (left.Count > 0)
        {
            var next = left.First(table => table.ForeignKeyConstraints.All(
                key => key.PrincipalTable == table || !left.Contains(key.PrincipalTable)));
            left.Remove(next);
            sorted.Add(new TableCopy(
                next.Name, [.. next.Columns], column => new JsonCopy(from, to, next.Name, column)));
        }

        return sorted;
    }

    private static bool IsOnlyHere(ITable table) => table.EntityTypeMappings.Any(mapping =>
        mapping.TypeBase.ClrType == typeof(PictureContent) || mapping.TypeBase.ClrType == typeof(SharedRow)
        || mapping.TypeBase.ClrType == typeof(DataProtectionKey));

    private async Task<bool> IsEmptyAsync(IDbContextTransaction transaction, CancellationToken cancellationToken)
    {
        var tables = target.Model.GetRelationalModel().Tables.Select(table => table.Name).Except(["SchemaVersions"]);
        await using var command = Connection.CreateCommand();
        command.Transaction = (NpgsqlTransaction)transaction.GetDbTransaction();
        command.CommandText = "SELECT " + string.Join(" OR ", tables.Select(table => $"EXISTS (SELECT 1 FROM \"{table}\")"));
        return !(bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>The rows already have what triggers would derive, and nobody needs a signal of each.</summary>
    private async Task SwitchTriggersAsync(string how, CancellationToken cancellationToken)
    {
        foreach (var table in Tables)
            await ExecuteAsync($"ALTER TABLE \"{table.Name}\" {how} TRIGGER USER", cancellationToken);
    }

    /// <summary>The numbers per day outlive their attempts.</summary>
    private async Task CopyDaysAsync(CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand();
        command.CommandText = "SELECT OwnerId, Day, Outcome, Attempts FROM AttemptDays";
        await using var days = await command.ExecuteReaderAsync(cancellationToken);
        while (await days.ReadAsync(cancellationToken))
        {
            await target.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO "AttemptDays" ("OwnerId", "Day", "Outcome", "Attempts")
                VALUES ({days.GetInt64(0)}, {days.GetInt64(1)}, {days.GetString(2)}, {days.GetInt64(3)})
                """, cancellationToken);
        }
    }

    /// <summary>New rows get ids that no row ever had, even if it was deleted since.</summary>
    private async Task SetSequencesAsync(CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand();
        command.CommandText =
            "SELECT name, seq FROM sqlite_sequence WHERE typeof(name) = 'text' AND typeof(seq) = 'integer' AND seq > 0";
        await using var sequences = await command.ExecuteReaderAsync(cancellationToken);
        while (await sequences.ReadAsync(cancellationToken))
        {
            var (name, last) = (sequences.GetString(0), sequences.GetInt64(1));
            if (Tables.Any(table => table.Name == name))
            {
                await ExecuteAsync(string.Create(CultureInfo.InvariantCulture,
                    $"SELECT setval(pg_get_serial_sequence('\"{name}\"', 'Id'), {last})"), cancellationToken);
            }
        }
    }

    /// <summary>Runs a statement in the transaction. Names of tables are the model's and cannot be parameters.</summary>
    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = Connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

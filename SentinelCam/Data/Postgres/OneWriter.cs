using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace SentinelCam.Data;

/// <summary>
/// Lets transactions run one after another, as SQLite does, in all processes on one database: what a transaction counts is true
/// until its commit. Otherwise parallel guesses would pass limits, and attempts would open several alerts.
/// </summary>
internal sealed class OneWriter : DbTransactionInterceptor
{
    /// <summary>Any number that no other program uses on this database; the lock ends with the transaction.</summary>
    internal const string Lock = "7305808869232732";

    private const string Sql = $"SELECT pg_advisory_xact_lock({Lock})";

    public override DbTransaction TransactionStarted(
        DbConnection connection, TransactionEndEventData eventData, DbTransaction result)
    {
        ArgumentNullException.ThrowIfNull(connection);
        using var command = Command(connection, result);
        command.ExecuteNonQuery();
        return result;
    }

    public override async ValueTask<DbTransaction> TransactionStartedAsync(
        DbConnection connection, TransactionEndEventData eventData, DbTransaction result,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        await using var command = Command(connection, result);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return result;
    }

    private static DbCommand Command(DbConnection connection, DbTransaction transaction)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = Sql;
        return command;
    }
}

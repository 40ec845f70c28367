using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace SentinelCam.Data;

/// <summary>
/// Lets transactions, and updates and deletions without one, run one after another, as SQLite does, in all processes on one
/// database: what a transaction counts is true until its commit. Otherwise parallel guesses would pass limits, attempts would
/// open several alerts, and triggers would derive from rows that another transaction is changing.
/// </summary>
internal sealed class OneWriter : DbTransactionInterceptor, IDbCommandInterceptor
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

    InterceptionResult<int> IDbCommandInterceptor.NonQueryExecuting(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result)
    {
        LockFirst(command, eventData.CommandSource);
        return result;
    }

    ValueTask<InterceptionResult<int>> IDbCommandInterceptor.NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken)
    {
        LockFirst(command, eventData.CommandSource);
        return ValueTask.FromResult(result);
    }

    /// <summary>
    /// Both statements are sent at once, which PostgreSQL executes in one transaction. The second one sees what was committed
    /// while the first one waited.
    /// </summary>
    private static void LockFirst(DbCommand command, CommandSource source)
    {
        if (command.Transaction is null && source is (CommandSource.ExecuteUpdate or CommandSource.ExecuteDelete))
            command.CommandText = $"{Sql}; {command.CommandText}";
    }

    private static DbCommand Command(DbConnection connection, DbTransaction transaction)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = Sql;
        return command;
    }
}

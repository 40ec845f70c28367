using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace SentinelCam.Data;

/// <summary>
/// Signals each commit to the database, so that live pages and the start of due work need not poll. On PostgreSQL, triggers
/// signal the commits of other processes.
/// </summary>
public sealed class CommitSignal : IDbTransactionInterceptor, ISaveChangesInterceptor, IDbCommandInterceptor
{
    private TaskCompletionSource _next = New();

    /// <summary>The channel of PostgreSQL on which triggers signal.</summary>
    internal const string Channel = "sentinelcam_commits";

    /// <summary>Names this process in its own signals, which it has raised at once.</summary>
    internal string Origin { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Completes at the next commit. Take it before reading and await it afterwards to miss no commit.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    void IDbTransactionInterceptor.TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => Raise();

    Task IDbTransactionInterceptor.TransactionCommittedAsync(
        DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken)
    {
        Raise();
        return Task.CompletedTask;
    }

    /// <summary>Signals changes saved without an explicit transaction; otherwise, its commit does.</summary>
    ValueTask<int> ISaveChangesInterceptor.SavedChangesAsync(
        SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken)
    {
        if (result > 0 && eventData.Context?.Database.CurrentTransaction is null)
            Raise();
        return ValueTask.FromResult(result);
    }

    /// <summary>Signals an update or deletion that runs without an explicit transaction.</summary>
    ValueTask<int> IDbCommandInterceptor.NonQueryExecutedAsync(
        DbCommand command, CommandExecutedEventData eventData, int result, CancellationToken cancellationToken)
    {
        if (result > 0 && command.Transaction is null)
            Raise();
        return ValueTask.FromResult(result);
    }

    /// <summary>Signals what happened elsewhere.</summary>
    internal void Raise() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    // Waiters continue asynchronously, not within the commit
    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

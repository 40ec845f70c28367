using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace SentinelCam.Data;

/// <summary>Tells that something was committed to <c>sentinelcam.db</c>, so that live pages need not ask again and again.</summary>
public sealed class CommitSignal : IDbTransactionInterceptor, ISaveChangesInterceptor, IDbCommandInterceptor
{
    private TaskCompletionSource _next = New();

    /// <summary>Ends with the next commit. Take it before reading, and await it after, so that nothing falls in between.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    void IDbTransactionInterceptor.TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => Raise();

    Task IDbTransactionInterceptor.TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken)
    {
        Raise();
        return Task.CompletedTask;
    }

    /// <summary>Changes saved without a transaction; inside one, its commit tells.</summary>
    ValueTask<int> ISaveChangesInterceptor.SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken)
    {
        if (result > 0 && eventData.Context?.Database.CurrentTransaction is null)
            Raise();
        return ValueTask.FromResult(result);
    }

    /// <summary>An update or deletion by itself.</summary>
    ValueTask<int> IDbCommandInterceptor.NonQueryExecutedAsync(DbCommand command, CommandExecutedEventData eventData, int result, CancellationToken cancellationToken)
    {
        if (result > 0 && command.Transaction is null)
            Raise();
        return ValueTask.FromResult(result);
    }

    private void Raise() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    // Those who wait go on elsewhere, not within the commit
    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

using System.Runtime.ExceptionServices;

namespace SentinelCam.HangfireSqlite.Database;

/// <summary>A piece of work for the writer: its statements, and what to tell others once it is committed.</summary>
internal sealed class WriteRequest(Action<SqlSession> apply, Action? committed)
{
    private readonly object _gate = new();
    private bool _done;
    private bool _leads;

    /// <summary>The statements. Run again by itself when it shared a transaction with one that failed.</summary>
    public void Apply(SqlSession session) => apply(session);

    public Exception? Error { get; set; }

    public void NotifyCommitted() => committed?.Invoke();

    /// <summary>Waits until the request is done, or until its thread is to commit the next group.</summary>
    /// <returns>Whether its thread is to commit the next group.</returns>
    public bool WaitToLead()
    {
        lock (_gate)
        {
            while (!_done && !_leads) Monitor.Wait(_gate);
            return !_done;
        }
    }

    public void Complete()
    {
        lock (_gate)
        {
            _done = true;
            Monitor.Pulse(_gate);
        }
    }

    public void Lead()
    {
        lock (_gate)
        {
            _leads = true;
            Monitor.Pulse(_gate);
        }
    }
}

/// <summary>
/// The one writer of a process. The thread that finds it idle commits at once, on its own stack: a hand-over to a
/// writer thread would cost more than the commit. Those that come meanwhile wait and share the next transaction.
/// </summary>
/// <param name="session">The connection, which belongs to the writer from now on.</param>
/// <param name="committed">Told after each transaction, on the thread that committed it; must not throw.</param>
internal sealed class GroupCommitWriter(SqlSession session, Action committed) : IDisposable
{
    // Bounds how long one transaction keeps the others, and other processes, waiting.
    private const int MaxGroupSize = 128;

    // A sleeping thread takes longer to wake than a group takes to commit, so the one that is awake goes on for those
    // that came meanwhile; not for ever, since its own work waits.
    private const int MaxGroupsOfLeader = 8;

    private readonly object _gate = new();
    private readonly Queue<WriteRequest> _waiting = new();
    private readonly List<WriteRequest> _group = [];
    private bool _busy;
    private bool _closed;

    /// <summary>Applies the request and returns when it is committed.</summary>
    /// <exception cref="ObjectDisposedException">The writer is closed.</exception>
    /// <exception cref="Exception">What the request's statements, or the commit, threw; nothing of it is kept.</exception>
    public void Execute(WriteRequest request)
    {
        bool leads;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _waiting.Enqueue(request);
            leads = !_busy;
            _busy = true;
        }

        if (leads || request.WaitToLead()) CommitGroups(request);
        if (request.Error is not null) ExceptionDispatchInfo.Throw(request.Error);
    }

    /// <summary>Closes the connection, after what already waits is committed.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
            if (_busy) return;
        }

        session.Dispose();
    }

    private void CommitGroups(WriteRequest leader)
    {
        for (var groups = 1; ; groups++)
        {
            CommitGroup(leader);

            WriteRequest? next;
            bool close;
            lock (_gate)
            {
                _busy = _waiting.TryPeek(out next);
                close = _closed && !_busy;
            }

            if (close) session.Dispose();
            if (next is null) return;
            if (groups < MaxGroupsOfLeader) continue;

            next.Lead();
            return;
        }
    }

    private void CommitGroup(WriteRequest leader)
    {
        lock (_gate)
        {
            while (_group.Count < MaxGroupSize && _waiting.TryDequeue(out var request)) _group.Add(request);
        }

        Commit(_group);
        foreach (var request in _group)
        {
            if (request.Error is null) request.NotifyCommitted();
            if (request != leader) request.Complete();
        }

        _group.Clear();
    }

    private void Commit(List<WriteRequest> group)
    {
        if (!TryBegin(group)) return;
        try
        {
            InTransaction(group);
        }
        catch (Exception) when (group.Count > 1)
        {
            // One of them failed, and SQLite may have rolled back the whole: each gets a transaction of its own.
            foreach (var request in group) CommitAlone(request);
        }
        catch (Exception exception)
        {
            group[0].Error = exception;
        }
    }

    /// <summary>A file that cannot be written fails the whole group at once, and not each of it after a time-out of its own.</summary>
    private bool TryBegin(List<WriteRequest> group)
    {
        try
        {
            session.Execute(Sql.Begin);
            return true;
        }
        catch (Exception exception)
        {
            foreach (var request in group) request.Error = exception;
            return false;
        }
    }

    private void CommitAlone(WriteRequest request)
    {
        List<WriteRequest> alone = [request];
        if (!TryBegin(alone)) return;
        try
        {
            InTransaction(alone);
        }
        catch (Exception exception)
        {
            request.Error = exception;
        }
    }

    private void InTransaction(List<WriteRequest> group)
    {
        try
        {
            foreach (var request in group) request.Apply(session);
            session.Execute(Sql.Commit);
            committed();
        }
        catch
        {
            session.RollBack();
            throw;
        }
    }
}

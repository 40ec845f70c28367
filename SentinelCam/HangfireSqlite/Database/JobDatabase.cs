using Microsoft.Data.Sqlite;

namespace SentinelCam.HangfireSqlite.Database;

/// <summary>
/// The file of a storage, whether it can be used or not. While it cannot, every operation fails at once with the
/// same line; every few seconds one of them tries to open it again.
/// </summary>
internal sealed class JobDatabase : IDisposable
{
    private readonly string _connectionString;
    private readonly SqliteJobStorageOptions _options;
    private readonly object _gate = new();
    private volatile OpenDatabase? _open;
    private volatile string? _problem;
    private volatile int _generation;
    private FileLocks? _locks;
    private long _failedAt;
    private bool _wasCorrupt;
    private bool _disposed;

    public JobDatabase(string connectionString, SqliteJobStorageOptions options)
    {
        var builder = new SqliteConnectionStringBuilder(connectionString);
        if (builder.DataSource.Length == 0 || builder.DataSource == ":memory:" || builder.Mode == SqliteOpenMode.Memory)
            throw new ArgumentException("A job storage needs a file: Data Source=jobs.db", nameof(connectionString));

        // The storage keeps its own connections: the pool would hold the file open after the storage is gone.
        builder.Pooling = false;
        builder.Cache = SqliteCacheMode.Private;
        // Whatever the current directory becomes, all connections and the lock file mean the same file
        File = RealPath.Of(builder.DataSource);
        builder.DataSource = File;
        _connectionString = builder.ToString();
        _options = options;
    }

    /// <summary>Counts how often the file has been opened: after that it may be another one than before.</summary>
    public int Generation => _generation;

    public string File { get; }

    /// <summary>What is wrong with the file at present, or null.</summary>
    public string? Problem => _problem;

    /// <exception cref="SqliteJobStorageException">The file cannot be used.</exception>
    public FileLocks Locks
    {
        get
        {
            _ = Require();
            return _locks!;
        }
    }

    /// <summary>Opens the file if that is possible; if not, <see cref="Problem"/> says why.</summary>
    public void TryOpen()
    {
        try
        {
            _ = Require();
        }
        catch (SqliteJobStorageException exception)
        {
            _problem = exception.Message;
        }
    }

    /// <exception cref="SqliteJobStorageException">The file cannot be used.</exception>
    public T Read<T>(Func<SqlSession, T> query)
    {
        var open = Require();
        SqlSession? reader = null;
        try
        {
            reader = open.RentReader();
            var result = query(reader);
            open.ReturnReader(reader);
            return result;
        }
        catch (Exception exception)
        {
            reader?.Dispose();
            if (exception is SqliteException failed) throw Translate(failed, open);
            throw;
        }
    }

    /// <summary>Runs the statements in a transaction of their own or a shared one; returns once it is committed.</summary>
    /// <param name="apply">The statements; run again when they shared a transaction with one that failed.</param>
    /// <param name="committed">Told at once after the commit; must not throw.</param>
    /// <exception cref="SqliteJobStorageException">The file cannot be used.</exception>
    public void Write(Action<SqlSession> apply, Action? committed = null)
    {
        var open = Require();
        try
        {
            open.Writer.Execute(new WriteRequest(apply, committed));
            if (_problem is not null) Forget(open);
        }
        catch (ObjectDisposedException) when (_problem is { } problem)
        {
            throw new SqliteJobStorageException(problem);
        }
        catch (SqliteException exception)
        {
            throw Translate(exception, open);
        }
    }

    /// <inheritdoc cref="Write(Action{SqlSession}, Action?)"/>
    public T Write<T>(Func<SqlSession, T> apply)
    {
        var result = default(T)!;
        Write(session => { result = apply(session); });
        return result;
    }

    /// <summary>What differs after any commit, of this process or another. The number begins anew when the file is opened again.</summary>
    /// <exception cref="SqliteJobStorageException">The file cannot be used.</exception>
    public (int Generation, long Number) DataVersion()
    {
        var open = Require();
        try
        {
            return (_generation, open.DataVersion());
        }
        catch (SqliteException exception)
        {
            throw Translate(exception, open);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            _open?.Dispose();
            _open = null;
            _locks?.Dispose();
        }
    }

    private OpenDatabase Require()
    {
        if (_open is { } open) return open;

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_open is { } opened) return opened;

            if (_problem is { } known && _options.TimeProvider.GetElapsedTime(_failedAt) < _options.ReopenInterval) throw new SqliteJobStorageException(known);

            try
            {
                _open = Open();
                _generation++;
                _problem = null;
                _wasCorrupt = false;
                return _open;
            }
            catch (Exception exception) when (DescribeFailure(exception) is not null)
            {
                _problem = DescribeFailure(exception);
                _failedAt = _options.TimeProvider.GetTimestamp();
                throw new SqliteJobStorageException(_problem!, exception);
            }
        }
    }

    private OpenDatabase Open()
    {
        _locks ??= FileLocks.Open(File + "-locks");
        RequireLocks(_locks);

        // Two processes that start together prepare the file one after the other
        const string Preparation = "storage:prepare";
        var mine = new object();
        if (!_locks.TryAcquire(mine, Preparation, _options.BusyTimeout))
            throw new SqliteException("Another process prepares the file", SqliteError.Busy);

        try
        {
            return OpenDatabase.Open(_connectionString, File, _options, verify: _wasCorrupt);
        }
        finally
        {
            _locks.Release(mine, Preparation);
        }
    }

    /// <summary>Where files cannot be locked, every lock looks as if another process had it: also one that nobody else can know of.</summary>
    private void RequireLocks(FileLocks locks)
    {
        var (owner, unknown) = (new object(), $"storage:{Guid.NewGuid()}");
        if (!locks.TryAcquire(owner, unknown, TimeSpan.Zero)) throw new SqliteJobStorageException(FileProblem.NoLocks(File));
        locks.Release(owner, unknown);
    }

    private string? DescribeFailure(Exception exception) =>
        exception is SqliteJobStorageException ? exception.Message
        : FileProblem.Describe(File, exception) ?? (exception is SqliteException ? FileProblem.Other(File, exception) : null);

    private Exception Translate(SqliteException exception, OpenDatabase failed)
    {
        if (FileProblem.Describe(File, exception) is not { } problem) return exception;

        var isDamaged = exception.SqliteErrorCode is SqliteError.Corrupt or SqliteError.NotADatabase;
        if (Remember(problem, failed, isDamaged) && isDamaged) failed.Dispose();
        return new SqliteJobStorageException(problem, exception);
    }

    /// <summary>Lets go of a damaged file, so that it can be moved away while the program runs.</summary>
    /// <returns>False when that file is not the open one any more.</returns>
    private bool Remember(string problem, OpenDatabase failed, bool isDamaged)
    {
        lock (_gate)
        {
            if (_open != failed) return false;
            _problem = problem;
            if (!isDamaged) return true;

            _open = null;
            _wasCorrupt = true;
            _failedAt = _options.TimeProvider.GetTimestamp();
            return true;
        }
    }

    // What works now says nothing about a file that was let go of meanwhile
    private void Forget(OpenDatabase working)
    {
        lock (_gate)
        {
            if (_open == working) _problem = null;
        }
    }
}
